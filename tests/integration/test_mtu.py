#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Too large: counted by name and told, never cut."""

import re

from harness.deploy import Deployment
from harness.node import until
from harness.udp import Receiver, Sender


def test_ingress_larger_than_the_limit(stage):
    net = Deployment(stage)
    one, two = net.node(1), net.node(2)
    net.wire(one, two)
    left, right = net.client(one), net.client(two)
    net.session(1, source=1, destinations=[2], flows=["2"], ingress=left.ingress(5001),
                egress=[right.egress(2, 6000)])
    nodes = net.start()
    limit = nodes[1].source(1, 1)["payload_limit_bytes"]
    assert limit == 1500 - 28 - 24 - 6 - 24 - 8 - 16
    receiver = Receiver(right, 6000)
    sizes = [limit + (n % 5 - 2) for n in range(100)]
    sender = Sender(left, left.node_address, 5001, count=100, pps=200, size=lambda n: sizes[n])
    sender.finish()
    fits = {(0, n): size for n, size in enumerate(sizes) if size <= limit}
    receiver.wait_count(len(fits))
    until(lambda: nodes[1].drops().get("session_oversize") == 100 - len(fits), 5, "drops")
    assert receiver.came == fits and receiver.wrong == [] and receiver.twice == 0
    receiver.close()
    shown = nodes[1].source(1, 1)
    assert (shown["oversize"], shown["packets"]) == (100 - len(fits), len(fits))
    assert shown["oversize_last_bytes"] in (limit + 1, limit + 2)
    found = nodes[1].wait_log(
        r"session 1/1: \d+ payloads larger than its limit of (\d+) bytes: dropped, the last had (\d+)")
    assert int(found.group(1)) == limit and int(found.group(2)) > limit

    def told():
        return sum(int(n) for n in re.findall(r"session 1/1: (\d+) payloads larger", nodes[1].log()))

    until(lambda: told() == 100 - len(fits), 5, "all of them are told")
    assert len(re.findall("payloads larger", nodes[1].log())) <= 5, "once a second at most"


def test_relay_with_a_smaller_mtu_ahead(stage):
    """The source does not know of it; the relay drops what does not fit, and says so."""
    net = Deployment(stage)
    one, five, two = (net.node(number) for number in (1, 5, 2))
    net.wire(one, five)
    net.wire(five, two, mtu=1300)
    left, right = net.client(one), net.client(two)
    net.session(1, source=1, destinations=[2], flows=["5 > 2"], ingress=left.ingress(5001),
                egress=[right.egress(2, 6000)])
    nodes = net.start()
    receiver = Receiver(right, 6000)
    most = 1300 - 28 - 24 - 6 - 24
    sizes = [most + (n % 5 - 2) for n in range(100)]
    Sender(left, left.node_address, 5001, count=100, pps=200, size=lambda n: sizes[n]).finish()
    fits = {(0, n): size for n, size in enumerate(sizes) if size <= most}
    receiver.wait_count(len(fits))
    until(lambda: nodes[5].drops().get("mtu_exceeded") == 100 - len(fits), 5, "drops by name")
    assert receiver.came == fits and receiver.wrong == [] and receiver.twice == 0
    receiver.close()
    assert nodes[5].link(2)["tx_drops"] == 100 - len(fits)
    nodes[5].wait_log(r"peer 2: \d+ packets larger than the MTU of port w2 \(1300\): dropped")
    assert nodes[2].destination(1, 1)["lost"] in (100 - len(fits), 100 - len(fits) - 2)


def test_egress_with_a_smaller_mtu(stage):
    net = Deployment(stage)
    one, two = net.node(1), net.node(2)
    net.wire(one, two)
    left, right = net.client(one), net.client(two, mtu=1280)
    net.session(1, source=1, destinations=[2], flows=["2"], ingress=left.ingress(5001),
                egress=[right.egress(2, 6000)])
    nodes = net.start()
    receiver = Receiver(right, 6000)
    most = 1280 - 28
    sizes = [most + (n % 5 - 2) for n in range(50)]
    Sender(left, left.node_address, 5001, count=50, pps=200, size=lambda n: sizes[n]).finish()
    fits = {(0, n): size for n, size in enumerate(sizes) if size <= most}
    receiver.wait_count(len(fits))
    until(lambda: nodes[2].drops().get("mtu_exceeded") == 50 - len(fits), 5, "drops by name")
    assert receiver.came == fits and receiver.wrong == [] and receiver.twice == 0
    receiver.close()
    assert nodes[2].destination(1, 1)["egress_drops"] == 50 - len(fits)
    nodes[2].wait_log(r"session 1/1: \d+ payloads larger than the MTU of egress port \S+ \(1280\)")


def test_interface_changes_under_the_port(stage):
    """The kernel loses what is too large for its interface, and counts it nowhere: the log tells."""
    net = Deployment(stage)
    one, two = net.node(1), net.node(2)
    net.wire(one, two)
    nodes = net.start()
    one.namespace.run("ip", "link", "set", "w2", "mtu", 1000)
    nodes[1].wait_log(r"warning: port w2: the MTU of its interface is 1000 now: .* sends up to 1500 "
                      r"\(ip link set w2 mtu 1500, ")
    one.namespace.run("ip", "link", "set", "w2", "mtu", 1200)
    one.namespace.run("ip", "link", "set", "w2", "mtu", 1600)
    nodes[1].wait_log("port w2: the MTU of its interface is no longer too small")
    assert len(re.findall("the MTU of its interface", nodes[1].log())) == 2
    assert "port w2 is down" not in nodes[1].log()
