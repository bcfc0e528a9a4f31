#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A live encoder follows the rate that its session may send: tests/demo/adaptive.py."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest
from harness.deploy import Deployment
from harness.node import PATIENCE, until

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "demo" / "adaptive.py"
RATE = 1_500_000  # bit/s of UDP payload on the link
MUXED = 0.82      # as the script has it


@pytest.fixture(name="net")
def fixture_net(stage):
    """Two sessions of one conference over a paced link; the second one begins later."""
    net = Deployment(stage)
    one, two = net.node(1), net.node(2)
    net.wire(one, two)
    one.peers[-1]["pacing"] = f"rate:{RATE}"
    net.left = net.client(one)
    net.session(1, source=1, destinations=[2], flows=["2"], ingress=net.left.ingress(5004),
                rate_to=f"{net.left.address}:7000")
    net.session(2, source=1, destinations=[2], flows=["2"], rate=100_000, start=False,
                ingress={"generator": {"kind": "constant", "size": 500}})
    net.nodes = net.start()
    return net


def test_encoder_follows(net):
    node = net.nodes[1]
    until(lambda: node.source(1, 1)["allowed_bps"], 5, "a rate")
    script = net.left.namespace.popen(
        SCRIPT, "--listen", f"{net.left.address}:7000", "--to", f"{net.left.node_address}:5004",
        "--size", "320x180", stdout=subprocess.PIPE, text=True)
    try:
        first = json.loads(script.stdout.readline())
        assert 0.7 * RATE * MUXED < first["rate_bps"] <= RATE * MUXED
        until(lambda: node.source(1, 1)["packets"] > 50, 20, "pictures")
        node.ctl("session", "start", 1, 2)
        until(lambda: node.source(1, 1)["allowed_bps"] < RATE / 2, 5, "half of it")
        asked = time.monotonic()
        second = json.loads(script.stdout.readline())
        assert time.monotonic() - asked < 3 * PATIENCE
        assert second["rate_bps"] <= RATE / 2 * MUXED
        packets = node.source(1, 1)["packets"]
        until(lambda: node.source(1, 1)["packets"] > packets + 50, 20, "pictures again")
        node.ctl("session", "stop", 1, 2)
        third = json.loads(script.stdout.readline())
        assert third["rate_bps"] > second["rate_bps"] * 1.5
    finally:
        script.send_signal(signal.SIGTERM)
        script.wait()
    # What fits is not dropped, and arrives.
    sent = node.source(1, 1)["packets"]
    until(lambda: net.nodes[2].destination(1, 1)["packets"] == sent, 5, "all that was sent")
    assert not {"queue_full", "queue_expired", "feeder_full"} & set(node.drops())


@pytest.mark.parametrize("words,number,status", [(["--seconds", "0.5"], None, 0),
                                                 ([], signal.SIGINT, 130)])
def test_encoder_ends(words, number, status):
    """By itself, and by Ctrl-C, which its ffmpegs get too."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        listen = probe.getsockname()
    script = subprocess.Popen(
        [SCRIPT, "--listen", "%s:%u" % listen, "--to", "127.0.0.1:9", "--size", "320x180", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert json.loads(script.stdout.readline())["at_s"] == 0
        if number is not None:
            os.killpg(script.pid, number)
        _, said = script.communicate(timeout=10 * PATIENCE)
    finally:
        script.kill()
    assert script.returncode == status and "Traceback" not in said, said


@pytest.mark.parametrize("words,status,expected", [
    (["--listen", "127.0.0.1"], 2, '"127.0.0.1" must be an address and a port'),
    (["--size", "640"], 2, '"640" must be width and height'),
    (["--fps", "0"], 2, '"0" must be an integer of at least 1'),
    (["--min", "5000000"], 2, "--min is 5000000, it must be at most --max, 4000000"),
    (["--listen", "192.0.2.1:7000"], 1, "cannot listen at 192.0.2.1:7000: "),
    (["--input", "/nowhere.mkv"], 1, "/nowhere.mkv: No such file"),
])
def test_mistakes(words, status, expected):
    """Each is told in a line, and no encoder that sends nothing ends as if all were right."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        listen = probe.getsockname()
    done = subprocess.run([SCRIPT, "--listen", "%s:%u" % listen, "--to", "127.0.0.1:9", *words],
                          capture_output=True, text=True, timeout=30 * PATIENCE, check=False)
    assert done.returncode == status and expected in done.stderr, done
    assert "Traceback" not in done.stderr
