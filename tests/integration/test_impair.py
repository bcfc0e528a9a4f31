#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The artificial line between two devices, with the traffic of real tools across it."""

import json
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import time

import pytest
from harness import netns
from harness.node import BUILD, PATIENCE, ROOT, SANITIZED, until

PROGRAM = BUILD / "drivers" / "ferry-impair"
HOSTS = ("10.9.0.1", "10.9.0.2")
RATE = 1_000_000  # bytes of frames a second


class Line:
    """Two hosts, and the line between them in a namespace of its own."""

    def __init__(self, stage, *options):
        self.middle = stage.namespace("line")
        self.hosts = [stage.namespace("left"), stage.namespace("right")]
        for host, end, address in zip(self.hosts, ("left", "right"), HOSTS):
            netns.veth(host, "eth0", self.middle, end)
            host.speak("eth0", f"{address}/24")
        macs = [netns.mac_of(host, "eth0") for host in self.hosts]
        for i, host in enumerate(self.hosts):  # no ARP: all that crosses the line is the test's
            host.run("ip", "neighbour", "add", HOSTS[1 - i], "lladdr", macs[1 - i], "dev", "eth0",
                     "nud", "permanent")
        self.process = stage.popen(
            self.middle, PROGRAM, "--json", *options, "left", "right", text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = ""
        while "ready" not in said:
            said = self.process.stderr.readline()
            assert said, "ferry-impair did not start"

    def report(self):
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        out, errors = self.process.communicate(timeout=10 * PATIENCE)
        assert self.process.returncode == 0, errors
        report = json.loads(out.splitlines()[-1])
        for way in report["directions"]:
            gone = way["delivered"] + way["held"] + sum(way["losses"].values())
            assert way["received"] + way["duplicated"] == gone
            assert way["missed"] == way["refused"] == 0
        return report["directions"]

    def ping(self, *options):
        """Round-trip times in ms."""
        out = self.hosts[0].run("ping", "-n", "-i", 0.02, *options, HOSTS[1], check=False).stdout
        return [float(ms) for ms in re.findall(r"time=([\d.]+) ms", out)]

    def send_numbers(self, count, size=200, gap=0.0002):
        """Numbered datagrams from left to right; the numbers as they came."""
        with self.hosts[1].entered():
            receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with self.hosts[0].entered():
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with receiver, sender:
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            receiver.bind((HOSTS[1], 5000))
            receiver.settimeout(0.4 * PATIENCE)
            for number in range(count):
                sender.sendto(struct.pack("!I", number).ljust(size, b"\0"), (HOSTS[1], 5000))
                time.sleep(gap)
            numbers = []
            while True:
                try:
                    numbers.append(struct.unpack_from("!I", receiver.recv(2048))[0])
                except TimeoutError:
                    return numbers


def test_delay_of_each_way(stage):
    line = Line(stage, "--there", "delay=20ms", "--back", "delay=10.5ms")
    times = sorted(line.ping("-c", 25))
    assert len(times) == 25
    assert times[0] >= 30.5
    # The rest is the hosts' own time, and other processes'.
    assert times[0] < 31.5 * PATIENCE * (10 if SANITIZED else 1)
    there, back = line.end()
    assert there["received"] == there["delivered"] == back["delivered"] == 25
    assert there["late_us"]["p50"] < 200 * PATIENCE


def test_jitter(stage):
    line = Line(stage, "--there", "delay=5ms,jitter=10ms")
    times = line.ping("-c", 60)
    assert len(times) == 60
    assert min(times) >= 5 and min(times) < 7 * PATIENCE
    assert max(times) > 12


def bytes_came(host):
    """Of frames, as its kernel counts them."""
    with host.entered(), open("/proc/thread-self/net/dev", encoding="ascii") as devices:
        return int(re.search(r"eth0: *(\d+)", devices.read())[1])


def best_second(stage, line, *options):
    """The most bytes a second that come in some second, of three at least, while iperf3 sends. Where
    it or the line stands still for a while its queue runs empty, and what is due at once is more
    than fits there: a second is looked for in which nobody does."""
    server = stage.popen(line.hosts[1], "iperf3", "-s", "-1", stdout=subprocess.DEVNULL)
    until(lambda: "5201" in line.hosts[1].run("ss", "-ltn").stdout, 5, "iperf3 listens")
    client = stage.popen(line.hosts[0], "iperf3", "-c", HOSTS[1], "-t", 120, *options,
                         stdout=subprocess.DEVNULL)
    times, counts, seconds = [time.monotonic()], [bytes_came(line.hosts[1])], []

    def enough():
        time.sleep(1)
        counts.append(bytes_came(line.hosts[1]))
        times.append(time.monotonic())
        seconds.append((counts[-1] - counts[-2]) / (times[-1] - times[-2]))
        return len(seconds) >= 3 and max(seconds) > 0.97 * RATE

    until(enough, 20, lambda: f"a second at the rate, {[round(rate) for rate in seconds]}", pause=0)
    client.terminate()
    client.wait(10 * PATIENCE)
    server.wait(10 * PATIENCE)
    # Never more than that; what was in the queue and on its way may come late.
    slack = 20000 + RATE * 0.005 + 2 * 1514
    assert counts[-1] - counts[0] < RATE * (times[-1] - times[0]) + slack
    assert max(seconds) < RATE + slack
    return max(seconds)


@pytest.mark.skipif(shutil.which("iperf3") is None, reason="needs the program iperf3")
def test_rate(stage):
    """UDP above the rate comes at the rate; TCP fills it."""
    line = Line(stage, "--both", "delay=5ms", "--there", "rate=8Mbit,queue=20000")
    full = {}
    for name, options in {"udp": ("-u", "-b", "12M", "-l", 1400), "tcp": ("-C", "reno")}.items():
        print(f"{name}: {best_second(stage, line, *options):.0f} bytes a second")
        full[name] = line.report()["directions"][0]["losses"]["queue_full"]
    assert full["udp"] > 500 and full["tcp"] > full["udp"]
    there, _ = line.end()
    assert there["held_max"] < 100


def test_loss_repeats_with_its_seed(stage):
    count, runs = 2500, []
    for seed in (7, 7, 8):
        line = Line(stage, "--there", f"loss=4%,burst=0.5%,burst_length=5,seed={seed}")
        numbers = line.send_numbers(count)
        there, back = line.end()
        assert there["received"] == count
        assert len(numbers) == there["delivered"]
        assert back["received"] == 0
        runs.append((numbers, there["losses"]))
    assert runs[0] == runs[1] != runs[2]
    for _, losses in runs:
        assert losses["queue_full"] == losses["frames_full"] == 0
        # 4 % of the good ones, and 5 of each 205 in bursts: four standard deviations, the bursts'
        # wider by their length.
        assert abs(losses["lost"] / count - 0.04) < 0.017
        assert abs(losses["lost_burst"] / count - 5 / 205) < 0.04
        assert losses["lost_burst"] > 0


def test_reordering_and_duplicates(stage):
    line = Line(stage, "--there", "reorder=5%,reorder_by=20ms,duplicate=3%,duplicate_by=5ms")
    numbers = line.send_numbers(1500)
    there, _ = line.end()
    assert set(numbers) == set(range(1500))
    assert len(numbers) == 1500 + there["duplicated"]
    assert 15 <= there["duplicated"] <= 80
    assert 35 <= there["held_back"] <= 120
    first = list(dict.fromkeys(numbers))
    behind = sum(number < max(first[:i], default=0) for i, number in enumerate(first))
    assert there["held_back"] / 2 < behind <= there["held_back"]


def test_marks(stage):
    """Above the mark frames of a sender that understands it come with CE."""
    line = Line(stage, "--there", "rate=1Mbit,queue=100000,mark=10000")
    with line.hosts[1].entered():
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with line.hosts[0].entered():
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with receiver, sender:
        receiver.bind((HOSTS[1], 5000))
        receiver.setsockopt(socket.IPPROTO_IP, 13, 1)  # IP_RECVTOS
        receiver.settimeout(2 * PATIENCE)
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 2)  # ECT(0)
        for _ in range(20):
            sender.sendto(bytes(1000), (HOSTS[1], 5000))
        seen = [receiver.recvmsg(2048, 64)[1][0][2][0] for _ in range(20)]
    there, _ = line.end()
    assert seen[:8] == [2] * 8 and seen[-8:] == [3] * 8
    assert seen.count(3) == there["marked"]


def test_an_interface_that_goes_down(stage):
    """What is for it is counted, also more than its ring holds, and the line goes on after it."""
    line = Line(stage, "--there", "delay=1ms")
    line.middle.run("ip", "link", "set", "right", "down")
    assert "right is down" in line.process.stderr.readline()
    assert line.send_numbers(1500) == []
    line.middle.run("ip", "link", "set", "right", "up")
    assert "right is up" in line.process.stderr.readline()
    assert len(line.ping("-c", 5)) == 5
    line.process.send_signal(signal.SIGTERM)
    report = json.loads(line.process.communicate(timeout=10 * PATIENCE)[0].splitlines()[-1])
    assert line.process.returncode == 0
    assert report["directions"][0]["refused"] == 1500
    assert report["directions"][0]["delivered"] == 1505


def test_reports_for_people(stage):
    space = stage.namespace("line")
    for end in ("left", "right"):
        netns.veth(space, end, space, f"{end}0")
    process = stage.popen(space, PROGRAM, "--every", 1, "left", "right", text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    said = [process.stdout.readline() for _ in range(3)]
    process.send_signal(signal.SIGINT)
    out = "".join(said) + process.communicate(timeout=10 * PATIENCE)[0]
    assert process.returncode == 0
    assert not pathlib.Path(f"/var/run/dpdk/ferry-impair-{process.pid}").exists()
    assert "left > right" in out and "found the queue full" in out
    assert len(re.findall(r"^came in ", out, re.M)) >= 2


@pytest.mark.parametrize("arguments,message", [
    (["lo"], "1 devices, there must be two; try 'ferry-impair --help'"),
    (["lo", "lo"], '"lo" is there twice, there must be two devices'),
    (["lo", "nowhere"], '"nowhere" is no interface here; a device must be a kernel interface, as '
     "veth0, or a DPDK device, as 0000:3b:00.1 or net_memif0,role=server"),
    (["--there", "delay=40", "lo", "lo"],
     '--there: delay is "40", it must be a time from 0s to 60s, as "40ms" or "150us"'),
    (["--back", "dely=40ms", "lo", "lo"], '--back: there is no key "dely", the keys are: rate, '
     "queue, mark, delay, jitter, loss, burst, burst_length, burst_loss, reorder, reorder_by, "
     "duplicate, duplicate_by, frames, seed"),
    (["--both", "delay", "lo", "lo"],
     "--both: \"delay\" has no '=', it must be KEY=VALUE, as delay=40ms"),
    (["--both", "loss=1%", "--there", "loss=2%", "lo", "lo"],
     "--there: loss is given twice, it must be given once for a direction"),
    (["--there", "queue=5000", "lo", "lo"],
     "--there: queue is set without rate, rate must be set too"),
    (["--both", "rate=1M,queue=5000,mark=5001", "lo", "lo"],
     "--there: mark is 5001, it must be at most the queue, 5000"),
    (["--mtu", "9001", "lo", "lo"], '--mtu is "9001", it must be an integer from 68 to 9000'),
])
def test_mistakes(arguments, message):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=20 * PATIENCE)
    assert done.stderr == f"ferry-impair: {message}\n"
    assert done.returncode == 2 and done.stdout == ""


def test_mtu_that_the_driver_has_not(stage):
    line, host = stage.namespace("line"), stage.namespace("host")
    for end in ("left", "right"):
        netns.veth(host, end, line, end)
    done = line.run(PROGRAM, "--mtu", "1501", "left", "right", check=False)
    assert done.returncode == 1
    assert done.stderr.endswith("ferry-impair: left: mtu = 1501: the device's driver, net_af_packet, "
                                "takes 1500 at most\n")


def test_help_has_every_key():
    done = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=20 * PATIENCE)
    page = ROOT / "drivers" / "ferry-impair.8.scd"
    keys = re.findall(r"^  ([a-z]\w+) ", done.stdout, re.M)
    assert done.returncode == 0 and len(keys) == 15
    assert set(keys) <= set(re.findall(r"\*(\w+)\*", page.read_text()))
