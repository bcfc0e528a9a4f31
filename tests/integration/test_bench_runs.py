#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Short runs of benchmarks: what they leave behind, and how they end."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FERRY_BUILD", ROOT / "build")).resolve()
PATIENCE = float(os.environ.get("FERRY_PATIENCE", 1))
RUNTIME = pathlib.Path("/var/run" if os.geteuid() == 0 else os.environ.get("XDG_RUNTIME_DIR", "/tmp")) / "dpdk"


class Bench:
    """A benchmark's program that runs; its output goes to a file, which a child that it leaves cannot
    keep open for us."""

    def __init__(self, directory, name, *options, **kwargs):
        self.log = directory / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([BUILD / "bench" / name, *options], stdout=log, stderr=log,
                                            **kwargs)
        self.pid = self.process.pid

    def runs(self):
        return self.process.poll() is None

    def end(self):
        """Its exit status, and what it said."""
        return self.process.wait(60 * PATIENCE), self.log.read_text(encoding="utf-8")


def test_nothing_is_left_of_a_program(tmp_path):
    bench = Bench(tmp_path, "feeder", "--quick", "--only", "growth")
    mine, seen = RUNTIME / f"ferry-bench-{bench.pid}", False
    while bench.runs():
        seen = seen or mine.exists()
        time.sleep(0.001)
    assert bench.end()[0] == 0
    assert seen and not mine.exists()


def script(text, *arguments):
    """Runs a script that begins with the benchmarks' folder; what it did."""
    return subprocess.run([sys.executable, "-B", "-c", text, ROOT / "bench", *arguments], capture_output=True,
                          text=True, timeout=120 * PATIENCE, check=False,
                          env={**os.environ, "FERRY_BUILD": str(BUILD)})


SEATS = """
import os, pathlib, sys
sys.path.insert(0, sys.argv[1])
from relay_seats import FerrydSeat, Generator, TestpmdSeat, memory_arguments
directory, cpus = pathlib.Path(sys.argv[2]), (sorted(os.sched_getaffinity(0)) * 2)[:2]
memory = memory_arguments(False)
seats = [Generator(directory, "net_null0", cpus, memory),
         TestpmdSeat("io", directory, "net_null0", cpus, memory, 32),
         FerrydSeat(directory, "net_null0", cpus, memory)]
print(*(path.name for path in pathlib.Path(sys.argv[3]).glob(f"*{directory.name}*")))
for seat in seats:
    seat.quit()
"""


def test_nothing_is_left_of_a_script_s_programs(tmp_path):
    directory = tmp_path / f"seats-{os.getpid()}"
    directory.mkdir()
    done = script(SEATS, directory, RUNTIME)
    name = directory.name
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == {f"{name}-generator", f"{name}-io", f"ferry-{name}"}
    assert not list(RUNTIME.glob(f"*{name}*"))


EARLY = """
import os, pathlib, sys
sys.path.insert(0, sys.argv[1])
from relay_seats import Generator, SeatError, memif_pair, memory_arguments
directory, cpus = pathlib.Path(sys.argv[2]), (sorted(os.sched_getaffinity(0)) * 2)[:2]
_, device, memory = memif_pair(directory / "nobody.sock", memory_arguments(False))
generator = Generator(directory, device, cpus, memory)
try:
    generator.ask("ready", port=0, seat="io", ns=1)
except SeatError as error:
    print(error)
generator.quit()
"""


def test_why_a_generator_s_port_does_not_start_is_told(tmp_path):
    directory = tmp_path / f"early-{os.getpid()}"
    directory.mkdir()
    done = script(EARLY, directory)
    assert done.returncode == 0, done.stderr
    assert "port 0 does not start: " in done.stdout, done.stdout  # and DPDK's reason


def children(pid):
    return [int(child) for child in
            pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def runs(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"


def test_no_process_and_no_ring_outlives_a_reader_that_failed(tmp_path):
    bench = Bench(tmp_path, "stats", "--quick", "--only", "torn")
    while bench.runs() and len(children(bench.pid)) < 9:  # a writer, eight readers
        time.sleep(0.001)
    mine = children(bench.pid)
    os.kill(mine[-1], signal.SIGKILL)
    ring = pathlib.Path(f"/dev/shm/ferry-bench-{bench.pid}.stats")
    assert ring.exists()
    code, text = bench.end()
    limit = time.monotonic() + 5 * PATIENCE
    while (alive := [pid for pid in mine if runs(pid)]) and time.monotonic() < limit:
        time.sleep(0.01)
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
    assert code == 1 and "a reader or the writer failed" in text
    assert not alive and not ring.exists()


@pytest.mark.parametrize("name,part", [("feeder", "growth"), ("scale_measure", "growth"), ("stages", "swap"),
                                       ("coding_measure", "kernels")])
def test_what_was_left_out_is_told(tmp_path, name, part):
    code, text = Bench(tmp_path, name, "--quick", "--only", part).end()
    share = re.search(r"left out, for the core was taken away: (\d+) turns, (\d+\.\d\d) % of the time", text)
    assert code == 0 and share and (int(share[1]) > 0) >= (float(share[2]) > 0), text


def test_pacing_says_how_many_of_those_due_left(tmp_path):
    figures = tmp_path / "figures.json"
    code, text = Bench(tmp_path, "feeder", "--quick", "--only", "pacing", "--json", figures).end()
    assert code == 0, text
    assert 0 < json.loads(figures.read_text(encoding="ascii"))["figures"]["pacing_packets_share"] <= 1


def one_cpu():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def test_nothing_measured_is_no_success(tmp_path):
    for name, part in (("scale_measure", "rates"), ("stats", "rate")):
        code, text = Bench(tmp_path, name, "--quick", "--only", part, preexec_fn=one_cpu).end()
        assert code == 77 and "nothing was measured" in text, text


def test_coding_without_its_simulations(tmp_path):
    done = subprocess.run([ROOT / "bench/coding.py", "--only", "simulation"], capture_output=True, text=True,
                          env={**os.environ, "FERRY_BUILD": str(tmp_path)}, timeout=60 * PATIENCE, check=False)
    assert done.returncode == 77 and "nothing was measured" in done.stderr


def test_delays_only_where_a_packet_had_a_time(tmp_path):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one CPU only")
    figures = tmp_path / "figures.json"
    code, text = Bench(tmp_path, "scale_measure", "--quick", "--only", "rates", "--json", figures).end()
    assert code == 0, text
    written = json.loads(figures.read_text(encoding="ascii"))["figures"]
    of_rates = {key.removeprefix(f"rate_{policy}_{rate}_") for policy in ("poll", "adaptive")
                for rate in ("0", "most") for key in written if key.startswith(f"rate_{policy}_{rate}_")}
    assert of_rates == {"mpps", "cpu_percent", "busy_percent", "buffers", "mib"}
    for policy in ("poll", "adaptive"):
        assert written[f"rate_{policy}_1000_delay_max_us"] > 0
        assert 0 <= written[f"rate_{policy}_8000000_skipped_percent"] < 100


DYING = """
import argparse, os, pathlib, sys, threading
sys.path.insert(0, sys.argv[1])
import destination
cpus = sorted(os.sched_getaffinity(0))[:2]
options = argparse.Namespace(seat=None, generator=None, cpus=cpus, control="generator", huge=False)
opposite = destination.Opposite(pathlib.Path(sys.argv[2]), options)
threading.Timer(0.5, opposite.seat.process.kill).start()
try:
    opposite.trial("plain", "sink", 2)
except destination.SeatError as error:
    print(error)
finally:
    opposite.quit()
"""


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one CPU only")
def test_a_trial_ends_with_its_seat(tmp_path):
    directory = tmp_path / f"dying-{os.getpid()}"
    directory.mkdir()
    done = script(DYING, directory)
    assert done.returncode == 0 and "ended with -9" in done.stdout, done.stdout + done.stderr


def wait_for(condition):
    limit = time.monotonic() + 60 * PATIENCE
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.002)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name,part,file", [
    ("feeder", "pacing", f"{RUNTIME}/ferry-bench-%d"), ("stats", "torn", "/dev/shm/ferry-bench-%d.stats")])
def test_nothing_is_left_of_a_program_that_is_stopped(tmp_path, name, part, file, number):
    bench = Bench(tmp_path, name, "--only", part)
    mine = pathlib.Path(file % bench.pid)
    wait_for(mine.exists)
    assert bench.runs()
    os.kill(bench.pid, number)
    assert bench.end()[0] == -number and not mine.exists()


def test_nothing_is_left_of_testpmd_when_stages_is_stopped(tmp_path):
    bench = Bench(tmp_path, "stages", "--only", "swap")
    wait_for(lambda: any((RUNTIME / f"ferry-bench-swap-{pid}").exists() for pid in children(bench.pid)))
    mine = children(bench.pid)
    os.kill(bench.pid, signal.SIGTERM)
    assert bench.end()[0] == -signal.SIGTERM
    assert mine and not [path for pid in (bench.pid, *mine) for path in RUNTIME.glob(f"ferry-bench-*{pid}")]


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one CPU only")
@pytest.mark.parametrize("name", ["relay", "destination", "pair", "scale"])
def test_nothing_is_left_of_a_script_that_is_stopped(tmp_path, name):
    # Sockets' paths must be short.
    with tempfile.TemporaryDirectory(prefix="f") as temporary, open(tmp_path / "log", "wb") as log:
        directory, names = pathlib.Path(temporary), set()
        script = subprocess.Popen([sys.executable, "-B", ROOT / f"bench/{name}.py"], stdout=log, stderr=log,
                                  env={**os.environ, "FERRY_BUILD": str(BUILD), "TMPDIR": temporary})

        def left():
            """What DPDK made for it: the names are of its directory, or of its process."""
            if name == "scale" and script.poll() is None:
                names.update(f"ferry-bench-{child}" for child in children(script.pid))
            names.update(path.name for path in directory.iterdir() if name != "scale")
            return [path for word in names for path in RUNTIME.glob(f"{word}*")]

        wait_for(left)
        script.send_signal(signal.SIGTERM)
        code = script.wait(60 * PATIENCE)
        assert code == 143, (tmp_path / "log").read_text(encoding="utf-8")
        assert not list(directory.iterdir()) and not left()
