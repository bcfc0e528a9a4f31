# SPDX-License-Identifier: BSD-3-Clause
"""The node as a relay: each row of the policy table as it passes, every byte of what leaves."""

import ferry_routes
import ferry_scapy as fs
import pytest
from bench import ELSEWHERE, NODE, PEERS, SINK, SMALL_MTU, add
from expect import arrival, delivery, nothing_else, take_copies

# From whom, what is left of the path here, with which payload length.
ROWS = [
    (21, "10 > 22", 100),
    (21, "10 > 21", 100),  # back to where it came from
    (21, "10 > 22 > 99", 100),
    (21, "10 > (22, 31)", 100),
    (21, "10 > (22, 31, 41, 42)", 1000),
    (21, "10 > (22 > 98, 31 > (98, 99), 41 > 99)", 100),
    (21, "10* > 22", 100),
    (21, "10* > (22, 31)", 100),
    (21, "10* > (22, 31, 32, 41, 42, 51, 61)", 99),
    (21, "10 > (22 > 99, 31 > 99)", 100),
    (21, "10 > 31", 100),
    (21, "10 > 41", 100),
    (21, "10 > 42", 100),
    (21, "10 > 61", 100),  # by way of a gateway
    (31, "10 > 32", 100),
    (31, "10 > 21", 100),
    (31, "10 > (21, 32)", 100),
    (31, "10* > 32", 100),
    (31, "10* > (21, 22, 32)", 101),
    (41, "10 > 21", 100),
    (41, "10 > 42", 100),
    (41, "10 > 41", 100),
    (42, "10 > 31", 100),
    (42, "10 > (21, 31, 41)", 100),
    (42, "10* > 41", 100),
    (51, "10 > 21", 100),
    (61, "10 > 22", 100),
]
ROWS += [(21, "10 > (22, 31)", size) for size in (0, 1, 2, 3, 7, 1199, 1200)]
ROWS += [(31, "10 > 32", size) for size in (0, 1, 2, 3, 7, 1199, 1200)]
ROWS += [(31, "10 > (21, 32)", size) for size in (0, 1, 1201)]


def pass_one(bench, sender, path, payload, **udp):
    """One packet from a neighbour by a path; everything that it must cause is checked."""
    peer = bench.peers[sender]
    (own,) = ferry_routes.tree(path)
    number = SINK if own.destination else ELSEWHERE
    session = bench.session(number, flags=0x02, reserved=0x1234)
    datagram = peer.data(path, session, payload)
    peer.end.send(peer.frame(datagram, udp=udp))
    moved = [arrival(peer, datagram), take_copies(bench, own.inner, session, payload)]
    copies = len(own.inner) + own.destination - 1
    moved.append({"node copies": copies})
    if own.destination:
        moved.append(delivery(SINK, payload))
    return add(*moved)


def payload_of(size):
    return bytes((i * 7 + size) & 0xFF for i in range(size))


@pytest.mark.parametrize("sender,path,size", ROWS, ids=lambda v: str(v).replace(" ", ""))
def test_policy(known, sender, path, size):
    moved = pass_one(known, sender, path, payload_of(size))
    known.expect_moved(moved)
    nothing_else(known)


@pytest.mark.parametrize("path", ["10 > 22", "10 > 31", "10 > (22, 31, 42)", "10* > 32"])
@pytest.mark.parametrize("size", [0, 1, 8, 501])
def test_received_udp_checksum(known, path, size):
    """Over IPv4 with a right checksum: it is verified, and serves for the new one over IPv6."""
    moved = pass_one(known, 21, path, payload_of(size), chksum=None)
    known.expect_moved(moved)
    nothing_else(known)


def largest(known, sender, path, receiver_mtu, receiver_v6):
    """Payload with which the packet that leaves for the last hop fills its MTU."""
    headers = (48 if receiver_v6 else 28) + fs.LINK_BYTES + fs.SESSION_BYTES
    (own,) = ferry_routes.tree(path)
    return receiver_mtu - headers - max(len(bytes(b)) for b in own.inner)


@pytest.mark.parametrize("receiver,mtu", [(51, SMALL_MTU), (31, 1500), (42, 1500)])
def test_mtu_is_filled(known, receiver, mtu):
    path = f"10 > {receiver}"
    size = largest(known, 21, path, mtu, ":" in PEERS[receiver][1])
    known.expect_moved(pass_one(known, 21, path, payload_of(size)))
    nothing_else(known)


@pytest.mark.parametrize("receiver,mtu", [(51, SMALL_MTU), (31, 1500), (42, 1500)])
def test_mtu_is_exceeded(known, receiver, mtu):
    """One byte more: dropped by name, never cut; another branch of the packet goes on."""
    path = f"10 > ({receiver}, 22)"
    size = largest(known, 21, path, mtu, ":" in PEERS[receiver][1]) + 1
    peer = known.peers[21]
    session, payload = known.session(ELSEWHERE), payload_of(size)
    datagram = peer.data(path, session, payload)
    peer.end.send(peer.frame(datagram))
    known.expect_moved(add(
        arrival(peer, datagram), take_copies(known, ferry_routes.tree("22"), session, payload),
        {"node copies": 1, "node dropped": 1, "drop mtu_exceeded": 1,
         f"link {receiver} tx_drops": 1}))
    nothing_else(known)


def test_unknown_branch_alone_is_dropped(known):
    peer = known.peers[21]
    session = known.session(ELSEWHERE)
    datagram = peer.data("10 > (22, 77, 31, 78)", session)
    peer.end.send(peer.frame(datagram))
    known.expect_moved(add(
        arrival(peer, datagram), take_copies(known, ferry_routes.tree("(22, 31)"), session, b"payload"),
        {"node copies": 3, "node dropped": 2, "drop pathlet_unknown_hop": 2}))
    nothing_else(known)


def test_unknown_branch_beside_delivery(known):
    peer = known.peers[21]
    session = known.session(SINK)
    datagram = peer.data("10* > 77", session)
    peer.end.send(peer.frame(datagram))
    known.expect_moved(add(
        arrival(peer, datagram), delivery(SINK, b"payload"),
        {"node copies": 1, "node dropped": 1, "drop pathlet_unknown_hop": 1}))
    nothing_else(known)


def test_unresolved_branch_alone_is_dropped(known):
    peer = known.peers[21]
    session = known.session(ELSEWHERE)
    datagram = peer.data("10 > (22, 71)", session)
    peer.end.send(peer.frame(datagram))
    known.expect_moved(add(
        arrival(peer, datagram), take_copies(known, ferry_routes.tree("22"), session, b"payload"),
        {"node copies": 1, "node dropped": 1, "drop hop_unresolved": 1, "link 71 tx_drops": 1}))
    nothing_else(known)


def test_refused_delivery_does_not_stop_the_branches(known):
    peer = known.peers[21]
    session = known.session(999)
    datagram = peer.data("10* > 22", session)
    peer.end.send(peer.frame(datagram))
    known.expect_moved(add(
        arrival(peer, datagram), take_copies(known, ferry_routes.tree("22"), session, b"payload"),
        {"node copies": 1, "node dropped": 1, "drop session_unknown": 1}))
    nothing_else(known)


def test_32_deep(known):
    path = "10 > 22 > " + " > ".join(str(n) for n in range(100, 130))
    known.expect_moved(pass_one(known, 21, path, b"deep"))
    nothing_else(known)


def test_510_bytes(known):
    """The largest Pathlet that there can be: lengths are multiples of 6."""
    path = "10 > 22 > (" + ", ".join(str(n) for n in range(100, 183)) + ")"
    known.expect_moved(pass_one(known, 21, path, b"wide"))
    nothing_else(known)


def test_what_lies_deeper_is_for_those_who_receive_it(known):
    """Only what is directly inside is judged: nonsense further down goes on as it is."""
    peer = known.peers[21]
    inner = fs.InnerPathlet(node=22, inner=[fs.InnerPathlet(length=3, node=0)])
    session = known.session(ELSEWHERE)
    datagram = peer.data(fs.Pathlet(node=NODE, inner=[inner]), session)
    peer.end.send(peer.frame(datagram))
    known.expect_moved(add(
        arrival(peer, datagram), take_copies(known, [inner], session, b"payload")))
    nothing_else(known)


def test_padding_is_cut(known):
    """What follows the UDP datagram in the frame or in the IP packet goes nowhere."""
    peer = known.peers[21]
    session = known.session(ELSEWHERE)
    datagram = peer.data("10 > (22, 31)", session)
    frame = peer.frame(datagram + b"behind", udp={"len": 8 + len(datagram)})
    peer.end.send(frame + bytes(40))
    known.expect_moved(add(
        arrival(peer, datagram), take_copies(known, ferry_routes.tree("(22, 31)"), session, b"payload"),
        {"node copies": 1}))
    nothing_else(known)


def test_ip_options_are_skipped(known):
    peer = known.peers[21]
    session = known.session(ELSEWHERE)
    datagram = peer.data("10 > 22", session)
    peer.end.send(peer.frame(datagram, ip={"options": b"\x01\x01\x01\x01\x07\x07\x04\0\0\0\0\0"}))
    known.expect_moved(add(
        arrival(peer, datagram), take_copies(known, ferry_routes.tree("22"), session, b"payload")))
    nothing_else(known)


@pytest.mark.parametrize("ttl", [0, 1, 255])
def test_any_ttl_is_taken(known, ttl):
    moved = []
    for sender, key in ((21, "ttl"), (31, "hlim")):
        peer = known.peers[sender]
        session = known.session(ELSEWHERE)
        datagram = peer.data("10 > 22", session)
        peer.end.send(peer.frame(datagram, ip={key: ttl}))
        moved += [arrival(peer, datagram), take_copies(known, ferry_routes.tree("22"), session, b"payload")]
    known.expect_moved(add(*moved))
    nothing_else(known)


def test_source_port_is_not_judged(known):
    peer = known.peers[21]
    session = known.session(ELSEWHERE)
    datagram = peer.data("10 > 22", session)
    peer.end.send(peer.frame(datagram, udp={"sport": 40000}))
    known.expect_moved(add(
        arrival(peer, datagram), take_copies(known, ferry_routes.tree("22"), session, b"payload")))
    nothing_else(known)


def test_priority_tag_is_none(known):
    """A tag of VLAN 0 on a port without one."""
    peer = known.peers[21]
    session = known.session(ELSEWHERE)
    datagram = peer.data("10 > 22", session)
    frame = peer.frame(datagram)
    peer.end.send(frame[:12] + b"\x81\0\xa0\0" + frame[12:])
    known.expect_moved(add(
        arrival(peer, datagram), take_copies(known, ferry_routes.tree("22"), session, b"payload")))
    nothing_else(known)
