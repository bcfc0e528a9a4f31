#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Ports behind an artificial line: what they receive is late and some of it lost, and all is told."""

import re

from harness.deploy import Deployment
from harness.node import PATIENCE, until
from harness.udp import Sender

COUNT = 1500


def line(node):
    """The line before the node's port to its neighbour."""
    (shown,) = [port["impair"] for port in node.show("ports") if port["impair"]]
    return shown


def test_line_before_a_port(stage):
    net = Deployment(stage)
    one, two = (net.node(number, clock_synchronized=True) for number in (1, 2))
    net.wire(one, two, impair={"delay": "30ms", "loss": "5%", "frames": 2000, "seed": 3})
    for place in (one, two):
        place.peers[0]["pacing"] = "none"  # all that is sent enters the line
    left = net.client(one)
    net.session(1, source=1, destinations=[2], flows=["2"], ingress=left.ingress(5001))
    nodes = net.start()
    sent = Sender(left, left.node_address, 5001, pps=1000, size=500, count=COUNT).finish()
    until(lambda: nodes[1].source(1, 1)["packets"] == sent == COUNT, 5, "all came to the source")
    until(lambda: line(nodes[2])["delivered"] > COUNT / 2 and line(nodes[2])["held"] == 0, 5,
          "the line is empty")

    shown = nodes[2].show("sessions")[0]["destination"]
    before = line(nodes[2])
    lost = {loss["loss"]: loss["packets"] for loss in before["losses"]}
    # ARP and the link's own packets are lost too, but they are few.
    assert 0 <= lost["lost"] - (COUNT - shown["packets"]) <= 10
    assert abs(lost["lost"] / before["received"] - 0.05) < 0.03
    assert lost["lost_burst"] == lost["queue_full"] == lost["frames_full"] == 0
    assert before["received"] == before["delivered"] + lost["lost"]
    assert before["held_max"] >= 20
    # What the line lost the node never had.
    assert not any("lost" in reason for reason in nodes[2].drops())
    delay = shown["delay"]
    # Each node reads the time of day by itself, some microseconds apart.
    assert 29_900 <= delay["raw_us"]["p50"] < 30_000 + 8_000 * PATIENCE
    # Both have one clock; probes cannot know that it is one way that is slow, only by how much.
    assert abs(delay["corrected_us"]["p50"] - delay["raw_us"]["p50"]) \
        <= delay["clock_error_us"] + 5_000 * PATIENCE
    assert delay["clock_error_us"] >= 14_000
    assert re.search(r"packets held at most: +2000  impaired lines", nodes[2].log())

    # To the ping of a client, which no link carries, the line does nothing: it is another port.
    out = left.namespace.run("ping", "-n", "-c", 5, "-i", 0.02, left.node_address).stdout
    assert min(float(ms) for ms in re.findall(r"time=([\d.]+) ms", out)) < 30
