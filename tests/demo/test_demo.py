#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The demo succeeds, fails if a relay is taken down, and leaves nothing behind however it ends."""
import argparse
import contextlib
import io
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import pytest
from harness.child import forget_node
from rich.console import Console

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import demo
import measure
import sessions
import tables
import topology

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")


def is_served(directory):
    """By a node that runs: it answers at its socket of DPDK."""
    for path in directory.glob("dpdk_telemetry.*"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as telemetry:
            if telemetry.connect_ex(str(path)) == 0:
                return True
    return False


def commands_with(directory):
    """Command lines of processes that have something of a directory in them."""
    commands = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # ended meanwhile
            commands.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [command for command in commands if f"{directory}/" in command]


class Run:
    def __init__(self, directory, *options):
        self.directory = directory
        self.namespaces = topology.Namespaces(directory)
        self.process = subprocess.Popen(
            ["/usr/bin/python3", HERE / "demo.py", "--directory", directory, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def finish(self, seconds=120):
        self.output, _ = self.process.communicate(timeout=seconds)
        return self.process.returncode

    def report(self):
        return json.loads((self.directory / "report.json").read_text(encoding="utf-8"))

    def wait_until_sending(self):
        deadline = time.monotonic() + 60
        while not (self.directory / "sender.log").exists():
            assert time.monotonic() < deadline and self.process.poll() is None
            time.sleep(0.1)
        time.sleep(1)

    def left_behind(self):
        """Of this run: another's nodes have the same names, and may run meanwhile."""
        sockets = pathlib.Path("/run") / self.namespaces.prefix.rstrip("-")
        directories = [pathlib.Path(f"/var/run/dpdk/ferry-{node.name}") for node in topology.NODES]
        paths = [sockets, *(directory for directory in directories if not is_served(directory))]
        return (self.namespaces.exists() + commands_with(self.directory)
                + [str(path) for path in paths if path.exists()])


def test_tables_in_a_small_terminal():
    """Of 80 columns: nothing is cut off, and what is drawn again and again fits."""
    delay = dict.fromkeys(("p50", "p99", "p999", "max"), 123456.0)
    snapshot = measure.Snapshot([
        measure.End(session, node, 12345, 12345, 1234, 1234, 12.3e6, delay)
        for session in sessions.SESSIONS for node in session.destinations])
    console = Console(file=io.StringIO(), width=80)
    console.print(tables.live(snapshot, dict.fromkeys(sessions.VIDEO.destinations, 12345), 3, 600, None))
    assert max(map(len, console.file.getvalue().splitlines())) <= 80
    tables.show(console, tables.sessions(snapshot))
    tables.show(console, tables.files([("Shanghai (sent)", 3000000, 64 * "b")]))
    assert "\u2026" not in console.file.getvalue()
    assert console.file.getvalue().count("12,345") == 7 * 3 + 3 and 64 * "b" in console.file.getvalue()


def prepared(directory):
    arguments = argparse.Namespace(seconds=4, taken_down=None, directory=directory)
    own = demo.Demo(arguments, Console(file=io.StringIO()))
    own.prepare()
    return own


def test_files_of_others_stay(tmp_path):
    """Of what a demo removes where it ran before, nothing is removed anywhere else."""
    files = [tmp_path / name for name in ("own.cfg", "own.log", "own.png", "root.db", "sent/mine")]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_text("mine")
    with pytest.raises(demo.Failure, match=f"{tmp_path} holds other files .* --directory a new"):
        prepared(tmp_path)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(files)
    with pytest.raises(demo.Failure, match="own.cfg cannot be used: File exists"):
        prepared(tmp_path / "own.cfg")


def test_own_files_of_an_earlier_demo_go(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "ignore_signals", lambda: None)
    for _ in range(2):  # in a new directory, and again
        own = prepared(tmp_path / "new")
        assert [path.name for path in own.directory.iterdir()] == [demo.MARKER]
        with pytest.raises(demo.Failure, match="a demo runs already in"):
            prepared(own.directory)
        (own.directory / "toronto.log").write_text("old")
        (own.directory / "sent").mkdir()
        own.clean()
        own.lock.close()


def test_files_are_those_of_who_ran_sudo(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "ignore_signals", lambda: None)
    monkeypatch.setenv("SUDO_UID", "1234")
    monkeypatch.setenv("SUDO_GID", "5678")
    other = tmp_path / "other"
    other.write_text("not in there")
    own = prepared(tmp_path / "demo")
    (own.directory / "sent").mkdir()
    (own.directory / "sent" / "video.ts").write_text("sent")
    (own.directory / "link").symlink_to(other)
    own.clean()
    for path in (own.directory, *own.directory.rglob("*")):
        assert (path.lstat().st_uid, path.lstat().st_gid) == (1234, 5678), path
    assert other.stat().st_uid == os.getuid()


def test_what_dpdk_leaves_behind_goes():
    """But not what a node of the same name uses."""
    name = f"test-{os.getpid()}"
    directory = pathlib.Path(f"/var/run/dpdk/ferry-{name}")
    directory.mkdir(parents=True)
    paths = [directory / "dpdk_telemetry.v2", directory / "dpdk_telemetry.v2:1"]
    sockets = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in paths]
    for path, own in zip(paths, sockets):
        own.bind(str(path))
        own.listen()
    sockets[0].close()
    forget_node(name)
    assert list(directory.iterdir()) == paths[1:]
    sockets[1].close()
    forget_node(name)
    assert not directory.exists()
    forget_node(name)


@pytest.fixture
def start(tmp_path):
    runs = []

    def starter(*options):
        runs.append(Run(tmp_path, *options))
        return runs[-1]

    yield starter
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
        run.process.wait()
        run.namespaces.delete()


def test_all_comes_as_it_was_sent(start):
    run = start("--seconds", "8")
    assert run.finish() == 0, run.output
    report = run.report()
    assert set(report["frames"]) == {"waterloo", "beijing", "shanghai"}
    for frames in report["frames"].values():
        assert frames == {"sent": 200, "received": 200, "missing": 0, "foreign": 0}
    for name in ("toronto", *report["frames"]):
        assert (run.directory / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    # The links have the delays of their cities: 8 + 73 + 27 ms from Toronto to Beijing.
    delays = {s["to"]: s["delay_us"]["p50"] for s in report["sessions"] if s["session"] == "video"}
    for name, least in {"waterloo": 17, "beijing": 108, "shanghai": 97}.items():
        assert least * 1000 <= delays[name] < (least + 40) * 1000
    assert len(report["checks"]) >= 18 and all(report["checks"].values())
    assert not run.left_behind()


def test_a_relay_taken_down_is_seen(start):
    run = start("--seconds", "12", "--break", "virginia")
    assert run.finish() == 1, run.output
    report = run.report()
    for site in ("waterloo", "beijing", "shanghai"):
        frames = report["frames"][site]
        assert frames["sent"] == 300 and 0 < frames["received"] < 300 and frames["missing"] > 0
        assert f"every frame came to {site.title()} as it was sent" in run.output
    sessions = {(s["session"], s["to"]): s for s in report["sessions"]}
    assert sessions["video", "shanghai"]["lost"] > 0
    # The other relay still carries one of the two.
    assert sessions["twice", "waterloo"]["lost"] == 0
    assert 0 < sessions["twice", "waterloo"]["duplicates"] < sessions["twice", "waterloo"]["sent"]
    assert not run.left_behind()


def test_interrupted(start):
    run = start("--seconds", "30")
    run.wait_until_sending()
    run.process.send_signal(signal.SIGINT)
    run.process.send_signal(signal.SIGINT)
    assert run.finish() == 130, run.output
    assert not run.left_behind()


def test_killed_and_started_again(start):
    killed = start("--seconds", "30")
    killed.wait_until_sending()
    killed.process.kill()
    killed.process.wait()
    assert killed.left_behind()
    again = start("--seconds", "4")
    assert again.finish() == 0, again.output
    assert "an earlier run left behind" in again.output
    assert not again.left_behind()
