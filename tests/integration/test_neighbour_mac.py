#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A neighbour gets another MAC address (another card, another machine takes over): the node finds
out, says so, and traffic goes on."""

import pytest
from harness.deploy import Deployment
from harness.netns import veth
from harness.udp import Receiver, Sender

NEW_MAC = "02:00:00:00:77:01"


def stage_net(stage, v6=False):
    """1 - 2, a session to a client at 2, under way."""
    net = Deployment(stage)
    source, sink = net.node(1), net.node(2)
    net.wire(source, sink)
    left, right = net.client(source), net.client(sink)
    net.session(1, source=1, destinations=[2], flows=["2"], ingress=left.ingress(5001),
                egress=[right.egress(2, 6000, v6)])
    return net, left, right


@pytest.mark.parametrize("v6", [False, True], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in silence"])
def test_egress_client(stage, v6, announced):
    net, left, right = stage_net(stage, v6)
    nodes = net.start()
    receiver = Receiver(right, 6000, v6)
    sender = Sender(left, left.node_address, 5001, pps=200)
    receiver.wait_count(50)
    key = "ndisc_notify" if v6 else "arp_notify"
    family = "ipv6" if v6 else "ipv4"
    right.namespace.sysctl(f"net.{family}.conf.eth0.{key}", int(announced))
    before = len(nodes[2].log())
    old = right.mac()
    right.namespace.run("ip", "link", "set", "eth0", "address", NEW_MAC)
    if announced and v6:
        # The kernel announces over IPv6 when the interface comes up.
        right.namespace.run("ip", "link", "set", "eth0", "down")
        right.namespace.run("ip", "link", "set", "eth0", "up")
        right.namespace.run("ip", "address", "replace", f"{right.address6}/64", "dev", "eth0",
                            "nodad")
    # In silence it takes until the neighbour is asked again, and does not answer.
    nodes[2].wait_log(rf"{right.address6 if v6 else right.address}.*{NEW_MAC}",
                      5 if announced else 25, since=before)
    receiver.wait_more(5)
    log = nodes[2].log()[before:]
    assert old in log or announced and v6, log
    sender.stop()
    receiver.close()
    assert receiver.wrong == [] and receiver.twice == 0


def test_gateway(stage):
    """The way to a peer is by a router, which is replaced by one with another MAC address."""
    net = Deployment(stage)
    source, sink = net.node(1), net.node(2)
    left, right = net.client(source), net.client(sink)
    router = stage.namespace("router")
    router.sysctl("net.ipv4.ip_forward", 1)
    for place, other, number in ((source, sink, 1), (sink, source, 2)):
        veth(place.namespace, "wan", router, f"r{number}")
        router.run("ip", "link", "set", f"r{number}", "arp", "on")
        router.run("ip", "address", "add", f"10.200.{number}.1/24", "dev", f"r{number}")
        place.add_port("wan", [f"10.200.{number}.10/24"], gateways=[f"10.200.{number}.1"])
        place.peers.append({"id": other.id, "port": "wan", "address": f"10.200.{3 - number}.10"})
    net.session(1, source=1, destinations=[2], flows=["2"], ingress=left.ingress(5001),
                egress=[right.egress(2, 6000)])
    nodes = net.start()
    receiver = Receiver(right, 6000)
    sender = Sender(left, left.node_address, 5001, pps=200)
    receiver.wait_count(50)
    assert nodes[1].link(2)["next_hop"] == "10.200.1.1"
    before = len(nodes[1].log())
    router.sysctl("net.ipv4.conf.r1.arp_notify", 1)
    router.run("ip", "link", "set", "r1", "address", NEW_MAC)
    nodes[1].wait_log(rf"10\.200\.1\.1.*{NEW_MAC}", since=before)
    receiver.wait_more(5)
    assert nodes[1].link(2)["mac"] == NEW_MAC
    sender.stop()
    receiver.close()
    assert receiver.wrong == [] and receiver.twice == 0
