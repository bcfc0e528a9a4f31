#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What ferryd does with a configuration, and how it ends; its options are test_options.py's."""

import contextlib
import fcntl
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest
from harness.deploy import Deployment
from harness.node import FERRYD, PATIENCE, until
from harness.text import config_text
from harness.udp import Receiver, Sender

# A device that nobody has: who touches it fails.
NOWHERE = {
    "node": {"id": 1, "socket": "/tmp/never-made.sock"},
    "ports": [{"name": "wan", "device": "0000:ff:1f.7", "addresses": ["10.0.0.1/24"]}],
}

TURN = pathlib.Path("/run/ferry/hugepages.lock")


def ferryd(*words, **kwargs):
    return subprocess.run([FERRYD, *words], capture_output=True, text=True, timeout=20 * PATIENCE,
                          **kwargs)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "node.cfg"
    path.write_text(config_text(NOWHERE))
    return path


def test_check_touches_no_device(config):
    done = ferryd("--check", "-c", config)
    assert (done.returncode, done.stderr) == (0, "")


def test_print_touches_no_device_and_loads_again(config, tmp_path):
    done = ferryd("--print", "-c", config)
    assert (done.returncode, done.stderr) == (0, "")
    again = tmp_path / "again.cfg"
    again.write_text(done.stdout)
    assert ferryd("--print", "-c", again).stdout == done.stdout


@pytest.mark.parametrize("option", ["--check", "--print", None])
def test_a_mistake_is_told_before_any_device_is_touched(config, option):
    config.write_text(config.read_text().replace("10.0.0.1/24", "10.0.0.1"))
    done = ferryd(*filter(None, [option]), "-c", config)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert re.match(rf"{re.escape(str(config))}:\d+: .*addresses", done.stderr)
    assert "EAL" not in done.stderr


def test_device_that_is_not_there(config):
    """A mistake that only the machine knows: told with file and line, exit status 1."""
    config.write_text(config.read_text().replace("0000:ff:1f.7", "net_af_packet0,iface=nothing0"))
    done = ferryd("-c", config)
    assert done.returncode == 1
    assert re.search(r'node\.cfg:\d+: port wan: device "net_af_packet0,iface=nothing0" was not found; '
                     "there is no interface of that name", done.stderr), done.stderr
    assert "start failed at" in done.stderr


@pytest.mark.parametrize("device,expected", [
    ("0000:ff:1f.7", "was not found; is it bound to a DPDK driver"),
    ("net_packet0,iface=lo", "for which DPDK has no driver; it must be a PCI address"),
    ("net_memif0,role=nobody", "was not found; are its arguments right"),
    ("net_tap0,iface=ferrynone,mac=none", "was not found; are its arguments right"),
])
def test_device_that_cannot_be(config, device, expected):
    config.write_text(config.read_text().replace("0000:ff:1f.7", device))
    done = ferryd("-c", config)
    assert done.returncode == 1
    assert re.search(rf"node\.cfg:\d+: port wan: device .*{expected}", done.stderr), done.stderr


def test_memif_client_without_its_server(config, tmp_path):
    memif = f"net_memif0,role=client,socket={tmp_path}/none.sock,socket-abstract=no"
    config.write_text(config.read_text().replace("0000:ff:1f.7", memif))
    done = ferryd("-c", config)
    assert done.returncode == 1
    assert re.search(r"node\.cfg:\d+: port wan: .* cannot be started: .*start the server's side first",
                     done.stderr), done.stderr


@pytest.mark.parametrize("eal", [["--nonsense"], ["-m", "none"]])
def test_eal_arguments_that_cannot_be(config, eal):
    """Told as such: nothing is said of devices that are right."""
    text = config.read_text().replace("0000:ff:1f.7", "net_null0")
    config.write_text(text.replace("id = 1;", f"id = 1; eal = {config_text({'x': eal})[4:]}", 1))
    done = ferryd("-c", config)
    assert done.returncode == 1
    assert re.search(rf'node\.cfg:\d+: node: eal has "{eal[0]}"', done.stderr), done.stderr
    assert "no driver" not in done.stderr


@pytest.fixture
def running(stage):
    """1 > 2 under load."""
    net = Deployment(stage)
    one, two = net.node(1), net.node(2)
    net.wire(one, two)
    left, right = net.client(one), net.client(two)
    net.session(1, source=1, destinations=[2], flows=["2"], ingress=left.ingress(5001),
                egress=[right.egress(2, 6000)], reorder={"packets": 64, "ms": 200})
    nodes = net.start()
    receiver = Receiver(right, 6000)
    sender = Sender(left, left.node_address, 5001, pps=500)
    receiver.wait_count(50)
    yield nodes
    sender.stop()
    receiver.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP],
                         ids=["TERM", "INT", "HUP"])
def test_signal_ends_it_cleanly(running, number):
    for node in running.values():
        node.process.send_signal(number)
    for node in running.values():
        began = time.monotonic()
        assert node.process.wait(5 * PATIENCE) == 0
        assert time.monotonic() - began < 3 * PATIENCE
        assert re.search(r"ended$", node.log().rstrip())
        assert "error" not in node.log().lower()
        assert not node.socket_path.exists(), "the control socket is left behind"
        assert not pathlib.Path(f"/var/run/dpdk/ferry-{node.name}").exists(), "DPDK's files are left behind"


@pytest.fixture
def holding(stage):
    """1 holds packets for 2 that need two seconds: their link is paced."""
    net = Deployment(stage)
    one, two = net.node(1, drain=10000), net.node(2)
    net.wire(one, two)
    one.peers[-1]["pacing"] = "rate:200000"
    left, right = net.client(one), net.client(two)
    net.session(1, source=1, destinations=[2], flows=["2"], ingress=left.ingress(5001),
                egress=[right.egress(2, 6000)])
    nodes = net.start()
    sender = Sender(left, left.node_address, 5001, pps=500, size=946)

    def queued():
        return sum(feeder["packets"] for feeder in nodes[1].show("feeders"))

    until(lambda: queued() >= 50, 10, "packets that wait")
    sender.stop()
    yield nodes[1], nodes[2]


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGHUP], ids=["TERM", "HUP"])
def test_signals_of_one_terminal(holding, first):
    """The shell's and the kernel's SIGHUP, or logind's after its SIGTERM: what waits still leaves."""
    one, two = holding
    one.process.send_signal(first)
    for _ in range(2):
        time.sleep(0.02)
        one.process.send_signal(signal.SIGHUP)
    began, sent = time.monotonic(), two.show("node")["packets"]["received"]
    assert one.process.wait(10 * PATIENCE) == 0
    assert time.monotonic() - began > 1
    assert two.show("node")["packets"]["received"] - sent >= 25


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGHUP], ids=["TERM", "HUP"])
def test_second_signal_does_not_wait(holding, first):
    one, two = holding
    one.process.send_signal(first)
    time.sleep(0.02)
    began, sent = time.monotonic(), two.show("node")["packets"]["received"]
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(10 * PATIENCE) == 0
    assert time.monotonic() - began < 1 * PATIENCE
    assert two.show("node")["packets"]["received"] - sent < 25
    assert re.search(r"ended$", one.log().rstrip())


@pytest.fixture
def alone(tmp_path):
    """Starts a node that has no network, and gives its process, its log and its directory."""
    started = []

    def start(groups=None, stderr=None, **how):
        name = f"alone-{os.getpid()}"
        path, log = tmp_path / "node.cfg", tmp_path / "log"
        path.write_text(config_text({
            "node": {**({} if "management" in (groups or {}) else {"id": 1}), "name": name,
                     "socket": str(tmp_path / "node.sock")},
            "ports": [{"name": "wan", "device": "net_null0", "addresses": ["10.0.0.1/24"]}],
            "statistics": {"file": str(tmp_path / "node.stats")}, **(groups or {})}))
        with open(log, "wb") as to:
            process = subprocess.Popen([FERRYD, "-c", path], stdin=subprocess.DEVNULL, stdout=to,
                                       stderr=stderr or to, **how)
        started.append(process)
        return process, log, tmp_path

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP],
                         ids=["TERM", "INT", "HUP"])
@pytest.mark.parametrize("wait", [0, 0.05, 0.2])
def test_signal_while_it_starts(alone, number, wait):
    """All that was begun is undone. DPDK's first word is in the middle of the start."""
    process, log, directory = alone()
    until(lambda: "EAL: " in log.read_text(), 10, "DPDK starts", pause=0.001)
    time.sleep(wait)
    process.send_signal(number)
    assert process.wait(10 * PATIENCE) == 0, log.read_text()
    assert re.search(r"ended$", log.read_text().rstrip())
    left = {path.name for path in directory.iterdir()}
    assert not left & {"node.sock", "node.sock.lock", "node.stats", "node.stats.new"}, left


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["TERM", "HUP"])
def test_signal_while_it_waits_for_its_place(alone, number, tmp_path):
    process, log, directory = alone({"management": {
        "root": "127.0.0.1:9", "plain": True, "state": str(tmp_path / "state")}})
    until(lambda: "it waits for the root's word" in log.read_text(), 10, "it waits")
    process.send_signal(number)
    assert process.wait(10 * PATIENCE) == 0, log.read_text()
    assert "EAL: " not in log.read_text() and not (directory / "node.sock").exists()


@contextlib.contextmanager
def held_up():
    """A start stands still after its configuration was checked: another has the turn for hugepages."""
    TURN.parent.mkdir(exist_ok=True)
    TURN.touch(0o600)
    with open(TURN, "rb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def reaches_its_turn(log):
    until(lambda: "MiB of memory" in log.read_text(), 10, "it looks for hugepages")


def test_file_that_goes_while_it_starts(alone, tmp_path):
    """Told with the line of its session, as a mistake."""
    content = tmp_path / "content"
    content.write_text("x")
    session = {"id": 3, "source": 1, "destinations": [2], "flows": [{"path": "2"}],
               "rate": "1M", "ingress": {"file": str(content)},
               "egress": [{"node": 2, "sink": True}]}
    with held_up():
        process, log, directory = alone({
            "peers": [{"id": 2, "port": "wan", "address": "10.0.0.2"}],
            "conferences": [{"id": 7, "sessions": [session]}]})
        reaches_its_turn(log)
        content.unlink()
    assert process.wait(20 * PATIENCE) == 1
    line = next(n for n, text in enumerate((directory / "node.cfg").read_text().splitlines(), 1)
                if "id = 3" in text)
    told = re.search(rf"node\.cfg:(\d+): session 7/3: {content}: No such file", log.read_text())
    assert told is not None, log.read_text()
    assert int(told[1]) in (line - 1, line)


def test_second_signal_while_it_starts(alone):
    """A step that hangs is not waited for."""
    with held_up():
        process, log, _ = alone()
        reaches_its_turn(log)
        process.send_signal(signal.SIGTERM)
        for _ in range(2):
            time.sleep(0.1)
            assert process.poll() is None
            process.send_signal(signal.SIGHUP)
        time.sleep(0.1)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(2 * PATIENCE) == -signal.SIGINT


def test_signal_while_it_starts_and_its_log_is_gone(alone):
    """As with "| tee log": one signal for both, and tee does not wait."""
    process, _, directory = alone(stderr=subprocess.PIPE)
    while b"MiB of memory" not in process.stderr.readline():
        assert process.poll() is None
    process.stderr.close()
    process.send_signal(signal.SIGINT)
    assert process.wait(10 * PATIENCE) == 0
    assert not (directory / "node.sock").exists()


def test_nohup(alone):
    process, log, _ = alone(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    until(lambda: re.search(r"node 1 is up$", log.read_text(), re.MULTILINE), 10, "it is up")
    process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    assert process.poll() is None and "ending" not in log.read_text()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10 * PATIENCE) == 0


@pytest.mark.parametrize("kind", ["symlink", "hard link", "fifo"])
def test_epoch_file_of_another(alone, kind, tmp_path):
    """What somebody laid where the last epoch is kept is neither followed nor waited for."""
    epoch, other = tmp_path / "node.sock.epoch", tmp_path / "other"
    other.write_text("precious")
    if kind == "symlink":
        epoch.symlink_to(other)
    elif kind == "hard link":
        epoch.hardlink_to(other)
    else:
        os.mkfifo(epoch)
    process, log, _ = alone()
    until(lambda: re.search(r"node 1 is up$", log.read_text(), re.MULTILINE), 10, "it is up")
    assert f"warning: {epoch}: cannot be written: " in log.read_text()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10 * PATIENCE) == 0
    assert other.read_text() == "precious"


def test_epoch_is_written_and_read(alone, tmp_path):
    """A start that follows at once, by a clock that went back, is newer than the one before."""
    epoch = tmp_path / "node.sock.epoch"
    last = (int(time.time()) + 50) % 65536
    epoch.write_text(f"{last}\n\n\n")
    process, log, _ = alone()
    until(lambda: re.search(r"node 1 is up$", log.read_text(), re.MULTILINE), 10, "it is up")
    assert epoch.read_text() == f"{(last + 1) % 65536}\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(10 * PATIENCE) == 0


def test_second_node_with_the_same_socket(running):
    """It is refused and says why; the first one does not notice."""
    first = running[1]
    done = first.namespace.run(FERRYD, "-c", first.config_path, check=False)
    assert done.returncode == 1
    assert str(first.socket_path) in done.stderr or "ferry-" in done.stderr, done.stderr
    before = first.source(1, 1)["packets"]
    until(lambda: first.source(1, 1)["packets"] > before, 5, "the first one goes on")
