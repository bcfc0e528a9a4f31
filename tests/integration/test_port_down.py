#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A port goes down and up under load: the worker keeps turning, packets for the port are dropped by
that name, what has another way goes on, and traffic resumes."""

import time

import pytest
from harness.deploy import Deployment
from harness.node import until
from harness.udp import Receiver, Sender


def polls(node):
    return node.show("node")["workers"][0]["polls"]


@pytest.mark.parametrize("end", ["far", "own"])
def test_port(stage, end):
    """1 > (2, 3): the wire to 2 fails, at its far end (no carrier) or at the node's own."""
    net = Deployment(stage)
    one, two, three = (net.node(number) for number in (1, 2, 3))
    net.wire(one, two)
    net.wire(one, three)
    # Under rate control packets for a dead port would wait, and then be dropped by other names.
    for peer in one.peers:
        peer["pacing"] = "none"
    left, right2, right3 = net.client(one), net.client(two), net.client(three)
    net.session(1, source=1, destinations=[2, 3], flows=["(2, 3)"], ingress=left.ingress(5001),
                egress=[right2.egress(2, 6000), right3.egress(3, 6000)])
    nodes = net.start()
    receivers = Receiver(right2, 6000), Receiver(right3, 6000)
    sender = Sender(left, left.node_address, 5001, pps=500)
    receivers[0].wait_count(100)
    place, interface = (two, "w1") if end == "far" else (one, "w2")

    for _ in range(2):
        before = len(nodes[1].log())
        place.namespace.run("ip", "link", "set", interface, "down")
        nodes[1].wait_log("port w2 is down", since=before)
        assert ("(ip link set w2 up)" in nodes[1].log()[before:]) == (end == "own")
        assert nodes[1].port("w2")["state"] == "down"
        dropped = nodes[1].drops().get("port_down", 0)
        until(lambda: nodes[1].drops().get("port_down", 0) > dropped + 50, 5, "drops by name")
        assert nodes[1].link(2)["state"] == "port down"
        turned = polls(nodes[1])
        until(lambda t=turned: polls(nodes[1]) > t + 50, 2, "the worker turns")
        receivers[1].wait_more(2)
        place.namespace.run("ip", "link", "set", interface, "up")
        nodes[1].wait_log("port w2 is up", since=before)
        receivers[0].wait_more(5)

    sender.stop()
    receivers[1].expect_all({0: sender.sizes})
    for receiver in receivers:
        receiver.close()
    assert receivers[0].wrong == [] and receivers[0].twice == 0
    drops = nodes[1].drops()
    # A kernel's report of its multicast groups, as its end comes up, is not for the node.
    assert set(drops) <= {"port_down", "port_full", "hop_unresolved", "ip_address"}, drops


def test_told_at_the_start(stage):
    """An interface that is down, or whose address the kernel has too, is told as the node starts."""
    net = Deployment(stage)
    one, two = net.node(1), net.node(2)
    net.wire(one, two)
    one.peers.clear()
    two.peers.clear()
    client = net.client(one)
    run = one.namespace.run
    run("ip", "link", "set", "w2", "down")
    run("ip", "address", "add", one.ports[0]["addresses"][0], "dev", "w2")
    one.namespace.sysctl(f"net.ipv6.conf.{client.port}.disable_ipv6", 0)
    run("ip", "address", "add", f"{client.node_address6}/64", "dev", client.port, "nodad")
    node = net.start()[1]
    node.wait_log("port w2 is down")
    for port, address in (("w2", one.ports[0]["addresses"][0].split("/")[0]),
                          (client.port, client.node_address6)):
        assert f"port {port}: the kernel has {address} on {port} too" in node.log()
    assert node.log().count("the kernel has") == 2


@pytest.mark.parametrize("end", ["far", "own"])
def test_idle(stage, end):
    """A port that is down does not keep an idle worker awake."""
    net = Deployment(stage)
    one, two = net.node(1), net.node(2)
    net.wire(one, two)
    client, far = net.client(one), net.client(two)
    net.session(1, source=1, destinations=[2], flows=["2"], ingress=client.ingress(5001),
                egress=[far.egress(2, 6000)])
    nodes = net.start()
    place, interface = (two, "w1") if end == "far" else (one, "w2")
    place.namespace.run("ip", "link", "set", interface, "down")
    nodes[1].wait_log("port w2 is down")
    turned, since = polls(nodes[1]), time.monotonic()
    time.sleep(1)
    rate = (polls(nodes[1]) - turned) / (time.monotonic() - since)
    print(f"{rate:.0f} turns a second")
    assert 10 < rate < 20000
