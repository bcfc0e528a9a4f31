#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A million frames of garbage: every one is counted by a name, memory does not grow, every buffer
comes back, and the node goes on to serve."""

import os
import random

from harness.deploy import Deployment
from harness.node import BUILD, PATIENCE, SANITIZED, until
from harness.udp import Receiver, Sender
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, ICMPv6ND_NS, IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

GARBAGE = BUILD / "tests" / "integration" / "garbage"
FRAMES = 1_000_000
BATCH = 50_000
GROWTH_KIB = 16384 if SANITIZED else 512


def link_header(kind=0, node=2, epoch=0xF000, seq=1):
    return (bytes([0x10 | kind, 0]) + epoch.to_bytes(2, "big") + node.to_bytes(4, "big")
            + seq.to_bytes(8, "big") + bytes(8))


def good_frames(net, client, peer_address, own_address):
    """Good frames of every kind for a port: what is changed in them gets deep into the node."""
    node, mac = net.places[1], client.mac()
    port_mac = node.running.port(client.port)["mac"]
    head = Ether(src=mac, dst=port_mac)
    pathlets = ["000680000001", "000c00000001000680000002", "001200000001000680000002000680000003",
                "000c80000001000680000002", "001800000001001200000002000680000003000680000004"]
    session = bytes.fromhex("0000000100000001" + "00000005" + "00000000" + "f000" + "0005" + "0000"
                            + "0000")
    payloads = [link_header(seq=n + 1) + bytes.fromhex(p) + session + b"payload" * 9
                for n, p in enumerate(pathlets)]
    payloads += [link_header(1) + bytes(32), link_header(2) + bytes(16), link_header(3) + bytes(16)]
    frames = []
    for data in payloads:
        frames.append(head / IP(src=peer_address, dst=own_address) / UDP(
            sport=13779, dport=13779, chksum=0) / Raw(data))
        frames.append(head / IPv6(src=client.address6, dst=client.node_address6) / UDP(
            sport=13779, dport=13779) / Raw(data))
    frames += [
        head / IP(src=client.address, dst=client.node_address) / UDP(sport=7, dport=5001) / Raw(
            bytes(100)),
        head / IPv6(src=client.address6, dst=client.node_address6) / UDP(sport=7, dport=5002) / Raw(
            bytes(100)),
        head / IP(src=client.address, dst=client.node_address) / ICMP() / Raw(bytes(56)),
        head / IPv6(src=client.address6, dst=client.node_address6) / ICMPv6EchoRequest(
            data=bytes(56)),
        head / IPv6(src=client.address6, dst=client.node_address6) / ICMPv6ND_NS(
            tgt=client.node_address6),
        head / ARP(op=1, hwsrc=mac, psrc=client.address, pdst=client.node_address),
        head / Dot1Q(vlan=7) / IP(src=client.address, dst=client.node_address) / UDP(dport=5001),
    ]
    return "".join(bytes(f).hex() + "\n" for f in frames)


def expect_at_rest(node):
    """The sums agree and every buffer is back in its pool."""
    node.check_sums()

    def in_use():
        return {name: pool["in_use"] for name, pool in node.show("node")["pools"].items()}

    until(lambda: not any(in_use().values()), 5, lambda: f"every buffer is back: {in_use()}")


def test_a_million(stage, monkeypatch):
    # What a sanitizer keeps aside of the memory that was freed is no growth of the node's.
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "")
                       + ":quarantine_size_mb=0:thread_local_quarantine_size_kb=0")
    net = Deployment(stage)
    one, two = net.node(1), net.node(2)
    net.wire(one, two)
    host, far = net.client(one), net.client(two)
    # A peer at the port that gets the garbage, at the address of the client's kernel.
    one.peers.append({"id": 3, "port": host.port, "address": host.address})
    net.session(1, source=1, destinations=[2], flows=["2"], ingress=host.ingress(5001),
                egress=[far.egress(2, 6000)])
    net.session(2, source=1, destinations=[2], flows=["2"], ingress=host.ingress(5002, True))
    # What garbage says of session 1 is believed, for it comes from a peer. Nothing names this one.
    net.session(1999888777, source=1, destinations=[2], flows=["2"], ingress=host.ingress(5003),
                egress=[far.egress(2, 6003)])
    nodes = net.start()
    node = nodes[1]
    frames = good_frames(net, host, host.address, host.node_address).replace(
        link_header()[4:8].hex(), (3).to_bytes(4, "big").hex())
    rng = random.Random(1)

    def throw(count):
        """Sends until so many more have reached the node."""
        wanted = node.show("node")["packets"]["received"] + count

        def received():
            done = host.namespace.run(
                GARBAGE, host.interface, BATCH, rng.randrange(1 << 31), input=frames,
                timeout=60 * PATIENCE)
            assert done.returncode == 0
            return node.show("node")["packets"]["received"] >= wanted

        until(received, 120, "the node received the garbage")

    throw(BATCH)  # what is allocated with the first of them is no growth
    expect_at_rest(node)
    memory, log = node.rss_kib(), len(node.log())
    throw(FRAMES)
    expect_at_rest(node)
    assert node.rss_kib() - memory < GROWTH_KIB, (memory, node.rss_kib())
    assert len(node.log()) - log < 100_000, "the log is flooded"
    drops = node.drops()
    print(drops)
    assert len(drops) >= 20 and sum(drops.values()) > FRAMES / 2, drops

    receiver = Receiver(far, 6003)
    node.wait_resolved()
    sender = Sender(host, host.node_address, 5003, count=200, pps=400, stream=7)
    sender.finish()
    receiver.wait_count(200, 5)
    assert receiver.numbers(7) == set(range(200))
    receiver.close()
