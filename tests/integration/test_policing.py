#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A session's rate: datagrams that come faster are dropped by name, no more and no fewer."""

import time

import pytest
from harness.deploy import Deployment
from harness.node import until
from harness.udp import Receiver, Sender

SIZE = 1000


@pytest.mark.parametrize("rate,burst", [(400_000, 20_000), (1_000_000, 100_000)])
def test_policing(stage, rate, burst):
    net = Deployment(stage)
    one, two = net.node(1), net.node(2)
    net.wire(one, two)
    left, right = net.client(one), net.client(two)
    net.session(1, source=1, destinations=[2], flows=["2"], rate=rate, burst=burst,
                ingress=left.ingress(5001), egress=[right.egress(2, 6000)])
    nodes = net.start()
    receiver = Receiver(right, 6000)
    began = time.monotonic()
    sender = Sender(left, left.node_address, 5001, pps=4 * rate / 8 / SIZE, size=SIZE,
                    count=int(6 * rate / 8 / SIZE))
    sent = sender.finish()
    until(lambda: nodes[1].source(1, 1)["packets"] + nodes[1].source(1, 1)["policed"] == sent, 5,
          "all are accounted for")
    took = time.monotonic() - began
    shown = nodes[1].source(1, 1)
    most = burst + rate / 8 * took
    least = burst + rate / 8 * 1.4 - 2 * SIZE  # they were sent over 1.5 s at least
    assert least <= shown["bytes"] <= most
    assert nodes[1].drops()["session_policed"] == shown["policed"] == sent - shown["packets"]
    receiver.wait_count(shown["packets"])
    assert receiver.count() == shown["packets"] and receiver.wrong == []
    receiver.close()
