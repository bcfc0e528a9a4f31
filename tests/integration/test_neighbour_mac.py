#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A neighbour gets another MAC address (another card, another machine takes over): the node finds
out, says so, and traffic goes on."""

import pytest
from harness.deploy import Deployment
from harness.netns import veth
from harness.udp import Receiver, Sender

NEW_MAC = "02:00:00:00:77:01"


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in silence"])
def test_egress_clients(stage, announced):
    """Two clients at node 2, one by IPv4 and one by IPv6, get traffic while their cards change."""
    net = Deployment(stage)
    source, sink = net.node(1), net.node(2)
    net.wire(source, sink)
    left = net.client(source)
    rights = {False: net.client(sink), True: net.client(sink)}
    for v6, right in rights.items():
        net.session(1 + v6, source=1, destinations=[2], flows=["2"],
                    ingress=left.ingress(5001 + v6), egress=[right.egress(2, 6000, v6)])
    nodes = net.start()
    receivers = {v6: Receiver(right, 6000, v6) for v6, right in rights.items()}
    senders = [Sender(left, left.node_address, 5001 + v6, pps=200) for v6 in rights]
    before = len(nodes[2].log())
    for v6, right in rights.items():
        receivers[v6].wait_count(50)
        change_card(right, v6, announced)
    for v6, right in rights.items():
        # In silence it takes until the neighbour is asked again, and does not answer.
        nodes[2].wait_log(rf"{right.address6 if v6 else right.address} .*{NEW_MAC}",
                          5 if announced else 25, since=before)
        receivers[v6].wait_more(5)
    for sender in senders:
        sender.stop()
    for receiver in receivers.values():
        receiver.close()
        assert receiver.wrong == [] and receiver.twice == 0


def change_card(client, v6, announced):
    """Another MAC address, which the kernel tells its neighbours, or does not."""
    key = "ipv6.conf.eth0.ndisc_notify" if v6 else "ipv4.conf.eth0.arp_notify"
    client.namespace.sysctl(f"net.{key}", int(announced))
    client.namespace.run("ip", "link", "set", "eth0", "address", NEW_MAC)
    if announced and v6:
        # Over IPv6 the kernel announces when the interface comes up.
        client.namespace.run("ip", "link", "set", "eth0", "down")
        client.namespace.run("ip", "link", "set", "eth0", "up")
        client.namespace.run("ip", "address", "replace", f"{client.address6}/64", "dev", "eth0",
                             "nodad")


def router_between(stage, *places):
    """Each place's interface wan leads to it: r1, r2."""
    router = stage.namespace("router")
    router.sysctl("net.ipv4.ip_forward", 1)
    router.sysctl("net.ipv6.conf.all.forwarding", 1)
    for number, place in enumerate(places, 1):
        veth(place.namespace, "wan", router, f"r{number}")
        router.speak(f"r{number}")
        router.sysctl(f"net.ipv6.conf.r{number}.disable_ipv6", 0)
    return router


def test_gateway(stage):
    """The way to a peer is by a router, which is replaced by one with another MAC address."""
    net = Deployment(stage)
    source, sink = net.node(1), net.node(2)
    left, right = net.client(source), net.client(sink)
    router = router_between(stage, source, sink)
    for place, other, number in ((source, sink, 1), (sink, source, 2)):
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


@pytest.mark.parametrize("addresses, gateway, bits", [
    (["10.210.{}.10/24", "10.200.{}.10/24"], "10.200.{}.1", 24),
    (["fe80::10/64", "fd20:{}::10/64"], "fe80::1", 64),
], ids=["another subnet", "link-local"])
def test_source_by_gateway(stage, addresses, gateway, bits):
    """A port's first address is not the one from which its gateway can be passed: the peer is
    spoken to from the other."""
    net = Deployment(stage)
    source, sink = net.node(1), net.node(2)
    left, right = net.client(source), net.client(sink)
    router = router_between(stage, source, sink)
    own = [addresses[1].format(number).partition("/")[0] for number in (1, 2)]
    for place, other, number in ((source, sink, 1), (sink, source, 2)):
        way = gateway.format(number)
        router.run("ip", "address", "add", f"{way}/{bits}", "dev", f"r{number}",
                   *(["nodad"] if ":" in way else []))
        if way.startswith("fe80"):
            router.run("ip", "route", "add", addresses[1].format(number).replace("::10", "::"),
                       "dev", f"r{number}")
        place.add_port("wan", [text.format(number) for text in addresses], gateways=[way])
        place.peers.append({"id": other.id, "port": "wan", "address": own[2 - number]})
    net.session(1, source=1, destinations=[2], flows=["2"], ingress=left.ingress(5001),
                egress=[right.egress(2, 6000)])
    nodes = net.start()
    receiver = Receiver(right, 6000)
    sender = Sender(left, left.node_address, 5001, pps=200)
    receiver.wait_count(50)
    link = nodes[1].link(2)
    assert (link["local"], link["next_hop"]) == (own[0], gateway.format(1))
    sender.stop()
    receiver.close()
    assert receiver.wrong == [] and receiver.twice == 0
