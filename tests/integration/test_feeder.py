#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A paced link: who goes first when more comes than it carries, and what sources are told."""

import json
import socket
import struct
import threading
import time

import pytest
from harness.deploy import Deployment, endpoint
from harness.node import PATIENCE, until
from harness.udp import Receiver, Sender

RATE = 2_000_000  # bit/s of UDP payload
SIZE = 946        # so that a packet has 1000 bytes: link header, Pathlet, session header
LOW, HIGH = 1, 2  # conferences
SO_TIMESTAMPNS = 35


class Reports:
    """What comes to a session's rate_to, and when, by the kernel's clock."""

    def __init__(self, namespace, address, port):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with namespace.entered():
            self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind((address, port))
        self.socket.settimeout(0.1)
        self.came = []
        self.stopping = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stopping:
            try:
                data, ancillary, _, _ = self.socket.recvmsg(2048, 128)
            except socket.timeout:
                continue
            seconds, ns = struct.unpack("@ll", ancillary[0][2])
            self.came.append((seconds + ns * 1e-9, json.loads(data)))

    def rate(self):
        return self.came[-1][1]["rate_bps"] if self.came else None

    def close(self):
        self.stopping = True
        self.thread.join()
        self.socket.close()


@pytest.fixture(name="net")
def fixture_net(stage):
    """1 to 2 over a link of RATE; its clients, and one at 2."""
    net = Deployment(stage)
    one, two = net.node(1), net.node(2)
    net.wire(one, two)
    one.peers[-1]["pacing"] = f"rate:{RATE}"
    net.left, net.right = net.client(one), net.client(two)
    net.one = one
    net.lists = {LOW: {"priority": 1, "queue_packets": 50, "sessions": []},
                 HIGH: {"priority": 6, "sessions": []}}
    net.conferences = lambda: [{"id": n, **fields} for n, fields in net.lists.items()]
    return net


def add(net, conference, number, **fields):
    port = 5000 + 10 * conference + number
    net.lists[conference]["sessions"].append(
        {"id": number, "source": 1, "destinations": [2], "flows": [{"path": "2"}],
         "ingress": net.left.ingress(port), "egress": [net.right.egress(2, port + 1000)],
         **fields})
    return port


def queue(node, conference):
    feeder = next(f for f in node.show("feeders") if f["id"] == 2)
    return next((q for q in feeder["conferences"] if q["conference"] == conference), None)


def full_queue(node):
    shown = queue(node, LOW)
    full = 40 <= shown["packets"] <= 50 and shown["bytes"] == 1000 * shown["packets"]
    return shown if full else None


def link_rate(node):
    """In the next two seconds; it is never above what is allowed."""
    began, before = time.monotonic(), node.link(2)["tx_bytes"]
    time.sleep(2)
    measured = 8 * (node.link(2)["tx_bytes"] - before) / (time.monotonic() - began)
    assert measured < 1.02 * RATE
    return measured


def test_overload(net):
    low, high = add(net, LOW, 1), add(net, HIGH, 1)
    nodes = net.start()
    low_receiver = Receiver(net.right, low + 1000)
    high_receiver = Receiver(net.right, high + 1000)
    # Four times the link's rate, and a quarter of it.
    flood = Sender(net.left, net.left.node_address, low, stream=1, pps=4 * RATE / 8000, size=SIZE)
    video = Sender(net.left, net.left.node_address, high, stream=2, pps=RATE / 4 / 8000, size=SIZE)
    until(lambda: (queue(nodes[1], LOW) or {"drops": 0})["drops"] > 500, 20, "drops", pause=0.05)
    # What is shown together may be a packet apart, and who floods may stand still for a while.
    shown = until(lambda: full_queue(nodes[1]), 5, lambda: f"a full queue, {queue(nodes[1], LOW)}")
    assert (shown["priority"], shown["weight"]) == (1, 1)
    assert queue(nodes[1], HIGH)["drops"] == 0
    # A worker that was preempted for longer than a millisecond does not make up for it.
    until(lambda: link_rate(nodes[1]) > 0.75 * RATE, 10, "packets at the link's rate", pause=0)
    flood.stop()
    video.stop()
    until(lambda: queue(nodes[1], LOW)["packets"] == 0, 5, "an empty queue")
    drops = nodes[1].drops()
    # Others' frames come to ports too, and are dropped there by other names.
    ways_out = ("queue", "hop", "port", "feeder", "no_buffer")
    assert [name for name in drops if name.startswith(ways_out)] == ["queue_full"]
    assert drops["queue_full"] == queue(nodes[1], LOW)["drops"] == nodes[1].link(2)["tx_drops"]
    high_receiver.expect_all({2: video.sizes})
    low_receiver.wait_count(flood.sent() - drops["queue_full"])
    assert low_receiver.count() == flood.sent() - drops["queue_full"]
    told = [event for event in nodes[1].ctl("events") if event["event"] == "congestion"]
    assert told and all(e["peer"] == 2 and e["conference"] == LOW and e["session"] == 1
                        and e["queue_packets"] == 50 for e in told)
    assert 0 < sum(event["drops"] for event in told) <= drops["queue_full"]
    assert "Feeders: conferences" in nodes[1].ferryctl("show", "feeders").stdout
    for node in nodes.values():
        node.check_sums()
    for receiver in (low_receiver, high_receiver):
        receiver.close()


def test_conference_ends(net):
    port = add(net, LOW, 1)
    nodes = net.start()
    flood = Sender(net.left, net.left.node_address, port, pps=4 * RATE / 8000, size=SIZE)
    until(lambda: (queue(nodes[1], LOW) or {"packets": 0})["packets"] > 20, 20, "packets wait")
    ended = json.loads(nodes[1].ferryctl("conference", "end", LOW, "--json").stdout)
    assert ended == {"conference": LOW, "sources_stopped": 1}
    until(lambda: queue(nodes[1], LOW) is None, 5, "its queue is gone")
    assert 0 < nodes[1].drops()["conference_ended"] <= 50
    assert nodes[1].show("feeders")[0]["packets"] == 0
    before = nodes[1].source(LOW, 1)["packets"]
    nodes[1].ctl("session", "start", LOW, 1)
    until(lambda: nodes[1].source(LOW, 1)["packets"] > before, 5, "it goes on")
    until(lambda: queue(nodes[1], LOW), 5, "its queue is back")
    assert queue(nodes[1], LOW)["priority"] == 1
    flood.stop()
    for node in nodes.values():
        node.check_sums()


def payload_of(rate, size):
    return rate * size // (size + 54)


def test_rate_of_a_coded_session(net):
    """Its repair packets take a part of the link too: at the rate told its queue would grow without end."""
    add(net, HIGH, 1, coding={"k": 16, "repair": "50%"})
    nodes = net.start()
    source = until(lambda: nodes[1].source(HIGH, 1), 5, "the session")
    most = source["payload_limit_bytes"]
    rate = RATE * most * 2 // ((most + 54 + 12) * 3)
    until(lambda: nodes[1].source(HIGH, 1)["allowed_bps"] == rate, 5,
          lambda: f"{rate}, {nodes[1].source(HIGH, 1)}")


@pytest.mark.parametrize("v6", [False, True])
def test_rates_are_told(net, v6):
    """Over the port that reaches the address, and by the kernel to this machine itself."""
    address = net.left.address6 if v6 else net.left.address
    local = "::1" if v6 else "127.0.0.1"
    net.one.namespace.run("ip", "link", "set", "lo", "up")
    net.one.namespace.sysctl("net.ipv6.conf.lo.disable_ipv6", 0)
    add(net, HIGH, 1, rate_to=endpoint(address, 7001))
    add(net, HIGH, 2, rate_to=endpoint(local, 7002), start=False)
    add(net, LOW, 1)
    near = Reports(net.left.namespace, address, 7001)
    here = Reports(net.one.namespace, local, 7002)
    nodes = net.start()
    most = nodes[1].source(HIGH, 1)["payload_limit_bytes"]
    # Alone in its class; the other one does not run, so that nothing limits it.
    until(lambda: near.rate() == payload_of(RATE, most), 10, lambda: f"a rate, {near.came}")
    until(lambda: here.came and here.rate() is None, 10, "null")
    assert nodes[1].source(HIGH, 1)["allowed_bps"] == near.rate()
    assert nodes[1].source(HIGH, 2)["allowed_bps"] is None
    nodes[1].ctl("session", "start", HIGH, 2)
    half = payload_of(RATE // 2, most)
    until(lambda: (near.rate(), here.rate()) == (half, half), 5, lambda: f"half, {here.came}")
    nodes[1].ctl("session", "stop", HIGH, 1)
    until(lambda: here.rate() == payload_of(RATE, most), 5, "all of it")
    time.sleep(2.5)  # repeated once a second
    for reports, session in ((near, 1), (here, 2)):
        reports.close()
        assert all(r["conference"] == HIGH and r["session"] == session for _, r in reports.came)
        numbers = [report["number"] for _, report in reports.came]
        assert numbers == sorted(set(numbers))
        assert len(numbers) >= 4
        # 100 ms apart, by the node's clock; the CPU may be taken away before it has sent one.
        for i, (first, _) in enumerate(reports.came):
            for gaps, (later, _) in enumerate(reports.came[i:]):
                assert later - first > 0.1 * gaps - 0.05 * PATIENCE
    for node in nodes.values():
        node.check_sums()
