#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The built-in generators: as many packets as asked for, at the rate asked for, of the sizes asked
for, and each of them arrives."""

import time

import pytest
from harness.deploy import Deployment
from harness.node import PATIENCE, until

FRAMES = [5000, 300, 1200, 1, 2400, 799]
TRACE_SIZE = 1000


def pieces(frame):
    """A frame cut into packets."""
    return -(-frame // TRACE_SIZE)


KINDS = {
    "constant": {"kind": "constant", "size": 500, "count": 500},
    "poisson": {"kind": "poisson", "size": 500, "count": 500, "seed": 7},
    "onoff": {"kind": "onoff", "size": 500, "count": 500, "on_ms": 50, "off_ms": 50, "seed": 7},
}
RATE = 2_000_000  # 500 packets of 500 bytes last a second


def two_nodes(stage, **session):
    net = Deployment(stage)
    one, two = net.node(1), net.node(2)
    net.wire(one, two)
    net.session(1, source=1, destinations=[2], flows=["2"], start=False, **session)
    return net.start()


def run_to_its_end(nodes):
    """Starts the session; returns the seconds until it finished."""
    began = time.monotonic()
    nodes[1].ctl("session", "start", 1, 1)
    until(lambda: nodes[1].source(1, 1)["state"] == "finished", 20, "the generator finishes")
    return time.monotonic() - began


def expect_delivered(nodes, packets, size):
    sent = nodes[1].source(1, 1)
    until(lambda: nodes[2].destination(1, 1)["packets"] == packets, 5, "all are delivered")
    got = nodes[2].destination(1, 1)
    assert (sent["packets"], sent["bytes"]) == (packets, size)
    assert (got["packets"], got["bytes"], got["lost"], got["duplicates"]) == (packets, size, 0, 0)
    assert not {"session_policed", "session_oversize"} & set(nodes[1].drops())


@pytest.mark.parametrize("kind", KINDS)
def test_kind(stage, kind):
    nodes = two_nodes(stage, rate=RATE, ingress={"generator": KINDS[kind]})
    took = run_to_its_end(nodes)
    expect_delivered(nodes, 500, 500 * 500)
    # Constant: 499 gaps of 2 ms. The others' times are random; a slow machine makes all longer.
    least, most = {"constant": (0.95, 3.2), "poisson": (0.7, 2.2), "onoff": (0.9, 8)}[kind]
    assert least <= took <= most * PATIENCE


def test_trace(stage, tmp_path):
    """Frames of a video at 50 a second, three times over."""
    trace = tmp_path / "frames"
    trace.write_text("# bytes of each frame\n" + "".join(f"{n}\n" for n in FRAMES))
    count = 3 * sum(pieces(frame) for frame in FRAMES)
    nodes = two_nodes(stage, ingress={"generator": {
        "kind": "trace", "trace": str(trace), "fps": 50, "size": TRACE_SIZE, "count": count}})
    took = run_to_its_end(nodes)
    expect_delivered(nodes, count, 3 * sum(FRAMES))
    assert 0.3 <= took <= 2.4 * PATIENCE  # 17 gaps of 20 ms


def test_generator_is_shaped(stage):
    """A burst smaller than what is due: packets wait for their time, none is dropped."""
    nodes = two_nodes(stage, rate=RATE, burst=500,
                      ingress={"generator": {"kind": "poisson", "size": 500, "count": 300}})
    run_to_its_end(nodes)
    expect_delivered(nodes, 300, 300 * 500)
    assert nodes[1].source(1, 1)["policed"] == 0


def test_stopped_in_the_middle(stage):
    nodes = two_nodes(stage, rate=RATE, ingress={"generator": {"size": 500}})
    nodes[1].ctl("session", "start", 1, 1)
    until(lambda: nodes[1].source(1, 1)["packets"] > 100, 5, "packets")
    nodes[1].ctl("session", "stop", 1, 1)

    def still():
        before = nodes[1].source(1, 1)["packets"]
        time.sleep(0.1)
        return nodes[1].source(1, 1)["packets"] == before

    until(still, 5, "it stands still")
    sent = nodes[1].source(1, 1)["packets"]
    time.sleep(0.2)
    assert nodes[1].source(1, 1)["packets"] == sent
    until(lambda: nodes[2].destination(1, 1)["packets"] == sent, 5, "all are delivered")
    began = time.monotonic()
    nodes[1].ctl("session", "start", 1, 1)
    until(lambda: nodes[1].source(1, 1)["packets"] > sent + 100, 5, "it goes on")
    more = nodes[1].source(1, 1)["packets"] - sent
    most = RATE / 8 / 500 * (time.monotonic() - began) + 10
    assert more <= most, "time that it stood still is made up for"
