# SPDX-License-Identifier: BSD-3-Clause
"""The node as a source: a datagram to an ingress becomes the packets of its policy's row."""

import struct
import time

import ferry_routes
import ferry_scapy as fs
import pytest
from bench import (CLIENTS, CONF, NODE, POLICED, POLICED_BURST, PORTS, SOURCES, STOPPED, V4, VLAN,
                   add, ingress_port)
from expect import nothing_else, take_copies, take_link_frame, to_peer, udp_payload
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

ROWS = [number for number, (_, _, flows) in SOURCES.items() if len(flows) == 1]
DELAY_SENSITIVE = 16


def client_frame(bench, number, payload, at=None, **udp):
    """A plain datagram of a client to a session's ingress."""
    at = at or (SOURCES[number][0] if number in SOURCES else V4)
    port, vlan = next((name, p[2]) for name, p in PORTS.items() if at in p[:2])
    name = {True: "vlan", False: "v6" if ":" in at else "v4"}[bool(vlan)]
    layers = Ether(src=bench.client_macs[name], dst=bench.macs[port])
    if vlan:
        layers /= Dot1Q(vlan=VLAN)
    layers /= (IPv6 if ":" in at else IP)(src=CLIENTS[name][1], dst=at)
    udp = {"sport": 33333, "dport": ingress_port(number), **udp}
    return bench.ends[port], bytes(layers / UDP(**udp) / Raw(payload))


def check_header(bench, number, header, flow=0):
    """Fields that only time and the node decide; returns (sequence, sequence of the flow)."""
    assert (header.conference, header.session) == (CONF, number)
    assert header.epoch == bench.node.source(CONF, number)["epoch"]
    age = (int(time.time() * 1e6) - header.stamp + (1 << 31)) % (1 << 32) - (1 << 31)
    assert -100000 < age < 5_000_000
    assert (header.flow, header.reserved) == (flow, 0)
    assert int(header.flags) == (0x02 if number == DELAY_SENSITIVE else 0)
    return header.seq, header.flow_seq


def take_packet(bench, number, path, payload, flow=0):
    """All copies of the next packet of a session. Returns (seq, flow_seq, counters)."""
    branches = ferry_routes.tree(path, source=NODE)
    seen = {}

    def body_of(first):
        def body(came):
            head = bytes(ferry_routes.own_pathlet(first))
            seen["header"] = came[len(head):len(head) + fs.SESSION_BYTES]
            return head + seen["header"] + payload
        return body

    first, *others = branches
    moved = [take_link_frame(bench, first.node, body_of(first))]
    header = fs.FerrySession(seen["header"])
    moved.append(take_copies(bench, others, header, payload) if others else {})
    seq, flow_seq = check_header(bench, number, header, flow)
    size = len(payload)
    moved.append({"node received": 1, "node copies": len(others),
                  f"session {number} packets": 1, f"session {number} bytes": size,
                  f"flow {number}/{flow} packets": 1, f"flow {number}/{flow} bytes": size})
    return seq, flow_seq, add(*moved)


@pytest.mark.parametrize("number", ROWS, ids=lambda n: SOURCES[n][2][0].replace(" ", ""))
def test_policy(known, number):
    """Each packet takes the next sequence, the first is 0; payloads are not touched."""
    path = SOURCES[number][2][0]
    moved = []
    for i, size in enumerate((0, 1, 2, 1001)):
        payload = bytes((i * 3 + size) & 0xFF for i in range(size))
        end, frame = client_frame(known, number, payload)
        end.send(frame)
        seq, flow_seq, counters = take_packet(known, number, path, payload)
        assert (seq, flow_seq) == (i, i)
        moved.append(counters)
    known.expect_moved(add(*moved))
    nothing_else(known)


def test_multi_path(known):
    """Two flows: each packet takes one of them, with that flow's own sequence."""
    number = 7
    paths = SOURCES[number][2]
    next_of = [0, 0]
    moved = []
    for i in range(40):
        payload = struct.pack("!I", i)
        end, frame = client_frame(known, number, payload)
        end.send(frame)
        hops = [known.peers[ferry_routes.tree(path)[0].node] for path in paths]
        came = hops[0].end.wait(lambda f: any(to_peer(hop)(f) for hop in hops))
        assert came is not None
        with hops[0].end.arrived:
            hops[0].end.frames.insert(0, came)
        flow = fs.FerrySession(udp_payload(came)[fs.LINK_BYTES + 12:]).flow
        assert to_peer(hops[flow])(came)
        seq, flow_seq, counters = take_packet(known, number, paths[flow], payload, flow)
        assert (seq, flow_seq) == (i, next_of[flow])
        next_of[flow] += 1
        moved.append(counters)
    assert min(next_of) > 5, "40 packets in equal shares: less than 6 has odds of 1 to 720000"
    known.expect_moved(add(*moved))
    nothing_else(known)


@pytest.mark.parametrize("number", [1, 8, 12])
def test_without_udp_checksum_at_ingress(known, number):
    """Over IPv4 it is taken; over IPv6 it is not."""
    end, frame = client_frame(known, number, b"no sum", chksum=0)
    end.send(frame)
    if ":" in SOURCES[number][0]:
        known.expect_moved({"node received": 1, "node dropped": 1, "drop udp_checksum": 1})
    else:
        known.expect_moved(take_packet(known, number, SOURCES[number][2][0], b"no sum")[2])
    nothing_else(known)


@pytest.mark.parametrize("number", [1, 6, 8, 11])
def test_payload_limit(known, number):
    """What fits goes; one byte more is dropped by name, and told. Never cut."""
    limit = known.node.source(CONF, number)["payload_limit_bytes"]
    payload = bytes(limit)
    end, frame = client_frame(known, number, payload)
    before = len(known.node.log())
    end.send(frame)
    moved = [take_packet(known, number, SOURCES[number][2][0], payload)[2]]
    end, frame = client_frame(known, number, payload + b"!")
    end.send(frame)
    known.expect_moved(add(*moved, {
        "node received": 1, "node dropped": 1, "drop session_oversize": 1,
        f"session {number} oversize": 1}))
    known.node.wait_log(
        rf"session {CONF}/{number}: 1 payloads larger than its limit of {limit} bytes: dropped, "
        rf"the last had {limit + 1}\b", since=before)
    nothing_else(known)


def test_payload_limit_is_that_of_the_wire_document(known):
    """Section 9: MTU - outer - 24 - Pathlet - 24 - 8 - 16, the least over the flows' branches."""
    for number, (_, _, flows) in SOURCES.items():
        branches = [b for path in flows for b in ferry_routes.tree(path)]
        wanted = min(
            1500 - (48 if known.peers[b.node].v6 else 28) - 24 - len(bytes(b)) - 24 - 8 - 16
            for b in branches)
        assert known.node.source(CONF, number)["payload_limit_bytes"] == wanted, number


def test_stopped_session(known):
    end, frame = client_frame(known, STOPPED, b"nobody wants it")
    end.send(frame)
    known.expect_moved({
        "node received": 1, "node dropped": 1, "drop session_stopped": 1,
        f"session {STOPPED} while_stopped": 1})
    nothing_else(known)


def test_above_the_rate(known):
    """A bucket of two packets at 1 kbit/s: two go, the third is dropped by name."""
    moved = []
    payload = bytes(POLICED_BURST // 2)
    for i in range(3):
        end, frame = client_frame(known, POLICED, payload)
        end.send(frame)
        if i < 2:
            moved.append(take_packet(known, POLICED, "21", payload)[2])
    known.expect_moved(add(*moved, {
        "node received": 1, "node dropped": 1, "drop session_policed": 1,
        f"session {POLICED} policed": 1}))
    nothing_else(known)
