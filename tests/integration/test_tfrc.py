#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Rate control of real nodes: what is configured, shown and told."""

import pytest
from harness.deploy import Deployment
from harness.node import until
from harness.udp import Receiver, Sender


@pytest.fixture(name="net")
def fixture_net(stage):
    """1 to 2, and a session over it."""
    net = Deployment(stage)
    net.one, net.two = net.node(1), net.node(2)
    net.wire(net.one, net.two)
    left, right = net.client(net.one), net.client(net.two)
    net.session(1, source=1, destinations=[2], flows=["2"], ingress=left.ingress(5001),
                egress=[right.egress(2, 6000)])
    net.left, net.right = left, right
    return net


def test_default_is_tfrc(net):
    """Nothing configured: the link is under TFRC, both ends report, nothing is lost."""
    nodes = net.start()
    receiver = Receiver(net.right, 6000)
    sender = Sender(net.left, net.left.node_address, 5001, pps=300, count=1200)
    until(lambda: nodes[1].link(2)["reports"] > 20 and nodes[1].link(2)["rtt_us"], 10,
          "reports, and an answered probe")
    row, far = nodes[1].link(2), nodes[2].link(1)
    assert row["pacing"] == far["pacing"] == "tfrc"
    assert row["loss_event_rate"] == far["rx_loss_event_rate"] == 0
    # Probes and packets meet a busy machine at different times.
    assert row["tfrc_rtt_us"] > 0 and 0.02 < row["rtt_us"] / row["tfrc_rtt_us"] < 50
    assert row["rate_bps"] > 300 * 8 * 60
    sender.finish()
    receiver.expect_all({0: sender.sizes})
    # Only one of them sends.
    assert nodes[2].link(1)["reports"] == 0 and nodes[1].link(2)["rx_reports"] is None
    came = nodes[1].link(2)["reports"]
    assert nodes[2].link(1)["rx_reports"] >= came
    receiver.close()


def test_small_packets(net):
    """tfrc-sp tells what it costs, and keeps to it: at most a packet in 10 ms."""
    for end in (net.one, net.two):
        end.peers[-1]["pacing"] = "tfrc-sp"
    nodes = net.start()
    assert "experimental: at most 100 packets of DATA a second" in nodes[1].log()
    sender = Sender(net.left, net.left.node_address, 5001, pps=400, size=100)
    until(lambda: nodes[1].link(2)["tx_packets"] > 50, 10, "packets")
    began, before = nodes[1].show("node")["uptime_s"], nodes[1].link(2)["tx_packets"]
    until(lambda: nodes[1].link(2)["tx_packets"] > before + 200, 20, "200 packets more")
    sent = nodes[1].link(2)["tx_packets"] - before
    # The time between the first question and the last answer is longer than what they were sent in.
    assert sent < 100 * (nodes[1].show("node")["uptime_s"] - began) + 2
    sender.stop()
