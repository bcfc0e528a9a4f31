# SPDX-License-Identifier: BSD-3-Clause
"""Every byte of what leaves the node, and every counter that moves with it."""

import time

import ferry_routes
import ferry_scapy as fs
from bench import CLIENTS, EGRESS_PORT, ELSEWHERE, NODE, PORTS, add
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

from harness.raw_end import checksum, ethertype

# The node's clock is the machine's, slewed: it may be off by a little, and a busy machine is slow.
STAMP_SLACK_US = 100000


def udp_payload(frame):
    _, at = ethertype(frame)
    at += 40 if frame[at] >> 4 == 6 else 20
    return frame[at + 8:]


def outer(bench, port, v6, mac, source, destination, sport, dport, payload):
    """A frame of the node: headers as WIRE.md's section 2 wants them, checksums by scapy."""
    layers = Ether(src=bench.macs[port], dst=mac)
    if PORTS[port][2]:
        layers /= Dot1Q(vlan=PORTS[port][2])
    if v6:
        layers /= IPv6(src=source, dst=destination, hlim=64, tc=0, fl=0)
        layers /= UDP(sport=sport, dport=dport)
    else:
        layers /= IP(src=source, dst=destination, ttl=64, id=0, flags="DF", tos=0)
        layers /= UDP(sport=sport, dport=dport, chksum=0)
    return bytes(layers / Raw(payload))


def to_peer(peer):
    """Matches frames to a peer, by MAC."""
    mac = bytes.fromhex(peer.mac.replace(":", ""))
    return lambda frame: frame[:6] == mac


def check_checksums(frame):
    """IPv4 header sum right; UDP sum 0 over IPv4, right and not 0 over IPv6."""
    _, at = ethertype(frame)
    if frame[at] >> 4 == 4:
        assert checksum(frame[at:at + 20]) == 0, "IPv4 header checksum"
        assert frame[at + 26:at + 28] == b"\0\0", "UDP checksum over IPv4 is 0"
    else:
        segment = frame[at + 40:]
        assert segment[6:8] != b"\0\0", "UDP checksum over IPv6 is not 0"
        pseudo = frame[at + 8:at + 40] + len(segment).to_bytes(4, "big") + b"\0\0\0\x11"
        assert checksum(pseudo + segment) == 0, "UDP checksum over IPv6"


def _check_stamp(stamp):
    """Within the last moments: a frame is checked soon after it was sent."""
    age = (int(time.time() * 1e6) - stamp + (1 << 31)) % (1 << 32) - (1 << 31)
    assert -STAMP_SLACK_US < age < 5_000_000, f"stamp is {age} us old"


def take_link_frame(bench, number, body, kind=fs.DATA):
    """Waits for the frame to a peer and checks every byte of it. body: what follows the link
    header, or a function that gives it from what came. Returns the counters that it moves."""
    peer = bench.peers[number]
    frame = peer.end.wait(to_peer(peer))
    assert frame is not None, f"nothing came to node {number}"
    datagram = udp_payload(frame)
    link = fs.FerryLink(datagram)
    _check_stamp(link.stamp)
    if callable(body):
        body = body(datagram[fs.LINK_BYTES:])
    data = kind == fs.DATA
    wanted_seq = peer.node_seq if data else peer.node_control_seq
    if wanted_seq is None:
        wanted_seq = link.seq  # the first may be any
    header = fs.FerryLink(type=kind, epoch=bench.epoch, node=NODE, seq=wanted_seq,
                          stamp=link.stamp, rtt=0)
    wanted = outer(bench, peer.port, peer.v6, peer.mac, peer.node_address, peer.address,
                   fs.UDP_PORT, fs.UDP_PORT, bytes(header) + body)
    assert frame.hex() == wanted.hex(), f"frame to node {number}"
    check_checksums(frame)
    if data:
        peer.node_seq = wanted_seq + 1
        return {f"link {number} tx_packets": 1, f"link {number} tx_bytes": len(header) + len(body),
                "node sent": 1}
    peer.node_control_seq = wanted_seq + 1
    return {f"link {number} tx_control": 1, "node sent": 1}


def take_copies(bench, branches, session, payload):
    """The copies that go out for Pathlets side by side, each to its own neighbour."""
    moved = [
        take_link_frame(bench, branch.node,
                        bytes(ferry_routes.own_pathlet(branch)) + bytes(session) + payload)
        for branch in branches
    ]
    return add(*moved)


def take_egress(bench, client, session, payload, dport=EGRESS_PORT):
    """The plain datagram that a client gets."""
    port, address = CLIENTS[client]
    v6 = ":" in address
    mac = bytes.fromhex(bench.client_macs[client].replace(":", ""))
    frame = bench.ends[port].wait(lambda f: f[:6] == mac)
    assert frame is not None, f"nothing came to the client {client}"
    own = PORTS[port][1 if v6 else 0]
    # It comes from the port that it goes to.
    wanted = outer(bench, port, v6, bench.client_macs[client], own, address, dport, dport, payload)
    assert frame.hex() == wanted.hex(), f"datagram to the client {client}"
    check_checksums(frame)
    return delivery(session, payload)


def delivery(number, payload, flow=0):
    """Counters of one packet that a destination gives away."""
    return {"node delivered": 1, f"session {number} packets": 1,
            f"session {number} bytes": len(payload), f"flow {number}/{flow} received": 1}


def nothing_else(bench):
    """No frame is left at any end but those that were taken."""
    for port, end in bench.ends.items():
        assert end.take() == [], f"an unexpected frame left by port {port}"


def arrival(peer, datagram):
    """Counters of a datagram that its link accepted."""
    return {"node received": 1, f"link {peer.id} rx_packets": 1,
            f"link {peer.id} rx_bytes": len(datagram)}


def relay_one(bench, sender=21, receiver=22):
    """A packet that passes the node, checked whole; returns the counters that it moves."""
    peer = bench.peers[sender]
    session, payload = bench.session(ELSEWHERE), b"the node lives"
    datagram = peer.data(f"{NODE} > {receiver}", session, payload)
    peer.end.send(peer.frame(datagram))
    (branch,) = ferry_routes.tree(str(receiver))
    return add(arrival(peer, datagram), take_copies(bench, [branch], session, payload))
