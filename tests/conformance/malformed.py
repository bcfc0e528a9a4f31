# SPDX-License-Identifier: BSD-3-Clause
"""The table of inputs that a node must refuse: each with the one name under which it is counted.

A case makes a frame. What its link accepts before it is refused (WIRE.md, section 11) is counted
by the link as well: that follows from the reason.
"""

import struct
from dataclasses import dataclass
from typing import Callable

import ferry_routes
import ferry_scapy as fs
from bench import CODED_BLOCK, CODED_WINDOW, CONF, ELSEWHERE, NODE, PORTS, SINK, UNKNOWN, ingress_port

from harness.raw_end import checksum

OWN, ONE, TWO, DEST = NODE, 22, 31, 0x80000000


@dataclass
class Case:
    """name, the reason, and make(bench, peer) -> frame, or (port, frame) by another port."""

    name: str
    reason: str
    make: Callable
    senders: tuple
    more: Callable  # more(peer) -> counters beside those of the drop


CASES = []


def case(name, reason, make, senders=(21, 31, 41), more=lambda peer: {}):
    CASES.append(Case(name, reason, make, senders, more))


def good(bench, peer, number=ELSEWHERE, path=f"{OWN} > ({ONE}, {TWO})", **link):
    """A datagram with nothing wrong."""
    return peer.data(path, bench.session(number), b"payload!", **link)


def pathlet(length, node, inner=b""):
    return struct.pack("!HI", length, node) + inner


# --- the frame ----------------------------------------------------------------------------------

for _type, _what in ((0x88CC, "LLDP"), (0x0026, "802.3 length"), (0x8847, "MPLS"), (0xFFFF, "all ones")):
    case(f"EtherType {_what}", "eth_type",
         lambda b, p, t=_type: p.frame(good(b, p))[:12] + struct.pack("!H", t) + bytes(60), (21,))

# A frame cut at every field of the IP and the UDP header, the lengths in them left as they were.
for _at, _field in ((14, "all"), (15, "tos"), (16, "length"), (18, "id"), (20, "fragment"),
                    (22, "ttl"), (23, "protocol"), (24, "checksum"), (26, "source"),
                    (30, "destination"), (33, "last byte")):
    case(f"IPv4 header cut before {_field}", "eth_truncated",
         lambda b, p, n=_at: p.frame(good(b, p))[:n], (21,))
for _at, _field in ((14, "all"), (18, "length"), (20, "next header"), (21, "hop limit"),
                    (22, "source"), (38, "destination"), (53, "last byte")):
    case(f"IPv6 header cut before {_field}", "eth_truncated",
         lambda b, p, n=_at: p.frame(good(b, p))[:n], (31,))
for _at, _field in ((0, "all"), (2, "destination"), (4, "length"), (6, "checksum"), (7, "last byte"),
                    (8, "payload"), (30, "session header"), (-1, "last byte of all")):
    def _cut(b, p, n=_at):
        frame = p.frame(good(b, p))
        start = (54 if p.v6 else 34) + (4 if p.vlan else 0)
        return frame[:n] if n < 0 else frame[:start + n]
    case(f"frame cut in UDP before {_field}", "ip_malformed", _cut)

# The same with the IP length right.
for _at in (0, 2, 4, 6, 7):
    def _short_udp(b, p, n=_at):
        at = 18 if p.vlan else 14
        frame = bytearray(p.frame(b"")[:at + (40 if p.v6 else 20) + n])
        if p.v6:
            struct.pack_into("!H", frame, at + 4, n)
        else:
            struct.pack_into("!H", frame, at + 2, 20 + n)
            struct.pack_into("!H", frame, at + 10, 0)
            struct.pack_into("!H", frame, at + 10, checksum(bytes(frame[at:at + 20])))
        return bytes(frame)
    case(f"IP packet with {_at} bytes of UDP", "udp_length", _short_udp)


case("another VLAN", "vlan_other", lambda b, p: _retag(p.frame(good(b, p)), 43), (41,))
case("no tag on a port with one", "vlan_other",
     lambda b, p: p.frame(good(b, p))[:12] + p.frame(good(b, p))[16:], (41,))
case("priority tag on a port with a VLAN", "vlan_other",
     lambda b, p: _retag(p.frame(good(b, p)), 0x6000), (41,))
case("a tag on a port without", "vlan_other",
     lambda b, p: _tag(p.frame(good(b, p)), 42), (21, 31))
case("two tags", "eth_type", lambda b, p: _tag(p.frame(good(b, p)), 42), (41,))


def _tag(frame, vlan):
    return frame[:12] + struct.pack("!HH", 0x8100, vlan) + frame[12:]


def _retag(frame, vlan):
    return frame[:14] + struct.pack("!H", vlan) + frame[16:]


# --- IP -----------------------------------------------------------------------------------------

case("IP version 5", "ip_malformed", lambda b, p: p.frame(good(b, p), ip={"version": 5}))
case("IPv4 EtherType, version 6", "ip_malformed",
     lambda b, p: p.frame(good(b, p), ip={"version": 6}), (21, 41))
case("IPv6 EtherType, version 4", "ip_malformed",
     lambda b, p: p.frame(good(b, p), ip={"version": 4}), (31,))
for _ihl in (0, 4):
    case(f"IPv4 header length {_ihl * 4}", "ip_malformed",
         lambda b, p, n=_ihl: p.frame(good(b, p), ip={"ihl": n}), (21, 41))
case("IPv4 header length beyond the packet", "ip_malformed",
     lambda b, p: p.frame(b"", ip={"ihl": 15}), (21, 41))
for _total in (0, 19):
    case(f"IPv4 total length {_total}", "ip_malformed",
         lambda b, p, n=_total: p.frame(good(b, p), ip={"len": n}), (21, 41))
case("IPv4 total length beyond the frame", "ip_malformed",
     lambda b, p: p.frame(good(b, p), ip={"len": 1500}), (21, 41))
case("IPv4 total length one too long", "ip_malformed",
     lambda b, p: p.frame(good(b, p), ip={"len": len(good(b, p)) + 29}), (21, 41))
case("IPv6 payload length beyond the frame", "ip_malformed",
     lambda b, p: p.frame(good(b, p), ip={"plen": 1500}), (31,))
case("IPv6 payload length one too long", "ip_malformed",
     lambda b, p: p.frame(good(b, p), ip={"plen": len(good(b, p)) + 9}), (31,))
case("IPv4 header checksum", "ip_checksum",
     lambda b, p: p.frame(good(b, p), ip={"chksum": 0x1234}), (21, 41))
case("IPv4 header checksum 0", "ip_checksum",
     lambda b, p: p.frame(good(b, p), ip={"chksum": 0}), (21, 41))
for _where in ("10.1.0.11", "255.255.255.255", "224.0.0.1", "0.0.0.0", "10.1.0.255", "10.2.0.10"):
    case(f"to {_where}", "ip_address",
         lambda b, p, a=_where: p.frame(good(b, p), ip={"dst": a}), (21,))
for _where in ("fd01::11", "ff02::1", "::", "fd02::10", "::ffff:10.1.0.10"):
    case(f"to {_where}", "ip_address",
         lambda b, p, a=_where: p.frame(good(b, p), ip={"dst": a}), (31,))
# By the port of net_pcap: below af_packet the kernel puts fragments together itself.
case("first fragment (MF)", "ip_fragment",
     lambda b, p: p.frame(good(b, p), ip={"flags": "MF"}), (81,))
case("later fragment", "ip_fragment",
     lambda b, p: p.frame(good(b, p), ip={"flags": 0, "frag": 100}), (81,))
case("last fragment at the end of the range", "ip_fragment",
     lambda b, p: p.frame(good(b, p), ip={"flags": 0, "frag": 0x1FFF}), (81,))
case("fragment with DF", "ip_fragment",
     lambda b, p: p.frame(good(b, p), ip={"flags": "DF+MF"}), (81,))
case("IPv6 fragment header", "ip_fragment",
     lambda b, p: p.frame(good(b, p), ip={"nh": 44}), (31,))
for _proto, _name in ((6, "TCP"), (47, "GRE"), (50, "ESP"), (132, "SCTP"), (255, "reserved")):
    case(f"protocol {_name}", "ip_protocol",
         lambda b, p, n=_proto: p.frame(good(b, p), ip={"nh" if p.v6 else "proto": n}))
for _proto, _name in ((0, "hop-by-hop"), (43, "routing"), (60, "destination options"), (59, "none")):
    case(f"IPv6 next header {_name}", "ip_protocol",
         lambda b, p, n=_proto: p.frame(good(b, p), ip={"nh": n}), (31,))

# --- UDP ----------------------------------------------------------------------------------------

for _len in (0, 1, 7):
    case(f"UDP length {_len}", "udp_length",
         lambda b, p, n=_len: p.frame(good(b, p), udp={"len": n}))
case("UDP length one beyond the packet", "udp_length",
     lambda b, p: p.frame(good(b, p), udp={"len": len(good(b, p)) + 9}))
case("UDP length 65535", "udp_length", lambda b, p: p.frame(good(b, p), udp={"len": 65535}))
case("UDP checksum", "udp_checksum", lambda b, p: p.frame(good(b, p), udp={"chksum": 0x1234}))
case("UDP checksum all ones", "udp_checksum",
     lambda b, p: p.frame(good(b, p), udp={"chksum": 0xFFFF}))
case("UDP checksum 0 over IPv6", "udp_checksum",
     lambda b, p: p.frame(good(b, p), udp={"chksum": 0}), (31,))


def _damaged(bench, peer):
    """The checksum was right before one bit of the payload turned."""
    frame = bytearray(peer.frame(good(bench, peer), udp={"chksum": None}))
    frame[-1] ^= 0x10
    return bytes(frame)


case("a bit of the payload turned", "udp_checksum", _damaged)
case("a port that nobody listens on", "udp_port",
     lambda b, p: p.frame(good(b, p), udp={"dport": 9}))
case("UDP port 0", "udp_port", lambda b, p: p.frame(good(b, p), udp={"dport": 0}))
case("the ingress of a session at another address", "udp_port",
     lambda b, p: p.frame(b"x", udp={"dport": ingress_port(1)}), (31, 41))

# --- the link header ----------------------------------------------------------------------------

for _at, _field in ((0, "all"), (1, "flags"), (2, "epoch"), (4, "node"), (8, "seq"), (16, "stamp"),
                    (20, "rtt"), (23, "last byte")):
    case(f"link header cut before {_field}", "link_truncated",
         lambda b, p, n=_at: p.frame(good(b, p)[:n]))
case("UDP length ends in the link header", "link_truncated",
     lambda b, p: p.frame(good(b, p), udp={"len": 8 + 23}), (21, 41))
for _version in (0, 2, 15):
    case(f"version {_version}", "link_version",
         lambda b, p, n=_version: p.frame(good(b, p, version=n)))
for _kind in range(5, 16):
    case(f"type {_kind}", "link_type", lambda b, p, n=_kind: p.frame(_typed(b, p, n)),
         (21, 31) if _kind < 7 else (21,))
for _bit in range(8):
    case(f"flag 0x{1 << _bit:02x}", "link_flag",
         lambda b, p, n=_bit: p.frame(good(b, p, flags=1 << n)), (21, 31) if _bit == 0 else (21,))
case("a flag on a PROBE", "link_flag",
     lambda b, p: p.frame(bytes(p.link(fs.PROBE, flags=1)) + bytes(16)))


def _typed(bench, peer, kind):
    data = bytearray(good(bench, peer))
    data[0] = 0x10 | kind
    return bytes(data)


for _id, _what in ((99, "unknown"), (0, "0"), (NODE, "the node's own"), (0x80000000 | 21, "flagged"),
                   (22, "that of another peer"), (32, "that of a peer over IPv6"), (0x7FFFFFFF, "highest")):
    case(f"NodeID {_what}", "link_unknown_peer",
         lambda b, p, n=_id: p.frame(good(b, p, node=n)), (21, 41))
case("right NodeID, another address", "link_unknown_peer",
     lambda b, p: p.frame(good(b, p), ip={"src": "fd01::77" if p.v6 else "10.1.0.77"}), (21, 31))
case("right NodeID, address of another peer", "link_unknown_peer",
     lambda b, p: p.frame(good(b, p), ip={"src": "fd01::32" if p.v6 else "10.1.0.22"}), (21, 31))
case("IPv4 peer's NodeID over IPv6", "link_unknown_peer",
     lambda b, p: p.frame(good(b, p, node=21)), (31,))
case("IPv4 peer's address, mapped into IPv6", "link_unknown_peer",
     lambda b, p: p.frame(good(b, p, node=21), ip={"src": "::ffff:10.1.0.21"}), (31,))


def _by_port_s(bench, peer):
    """NodeID and address are right, but it comes by another port."""
    frame = peer.frame(good(bench, peer), ip={"dst": PORTS["s"][0]},
                       ether={"dst": bench.macs["s"]})
    return "s", frame


case("right NodeID and address, another port", "link_unknown_peer", _by_port_s, (21,))
for _kind, _name in ((fs.PROBE, "PROBE"), (fs.FEEDBACK, "FEEDBACK"), (fs.PROBE_REPLY, "PROBE_REPLY")):
    case(f"{_name} of a stranger", "link_unknown_peer",
         lambda b, p, k=_kind: p.frame(bytes(p.link(k, node=99)) + bytes(32 if k == 1 else 16)))
    case(f"{_name} from a strange address", "link_unknown_peer",
         lambda b, p, k=_kind: p.frame(bytes(p.link(k)) + bytes(32 if k == 1 else 16),
                                       ip={"src": "fd01::77" if p.v6 else "10.1.0.77"}), (21, 31))

for _step, _what in ((1, "one older"), (1000, "1000 older"), (0x7FFF, "the oldest"),
                     (0x8000, "half a turn away")):
    case(f"epoch {_what}", "link_stale_epoch",
         lambda b, p, n=_step: p.frame(good(b, p, epoch=(p.epoch - n) & 0xFFFF)))
case("stale epoch on a PROBE", "link_stale_epoch",
     lambda b, p: p.frame(bytes(p.link(fs.PROBE, epoch=(p.epoch - 1) & 0xFFFF)) + bytes(16)))


case("sequence seen already", "link_duplicate",
     lambda b, p: p.frame(good(b, p, seq=p.next_seq - 1)),
     more=lambda p: {f"link {p.id} rx_duplicates": 1})
case("sequence below the window", "link_too_old",
     lambda b, p: p.frame(good(b, p, seq=p.next_seq - 1 - 1024)))
case("sequence far ahead", "link_far_ahead",
     lambda b, p: p.frame(good(b, p, seq=p.next_seq + 960 + 1)))
case("sequence far ahead, high bits", "link_far_ahead",
     lambda b, p: p.frame(good(b, p, seq=p.next_seq | 1 << 63)))
case("sequence 0", "link_too_old", lambda b, p: p.frame(good(b, p, seq=0)))

# --- FEEDBACK, PROBE, PROBE_REPLY ---------------------------------------------------------------


def feedback(bench, **fields):
    return bytes(fs.FerryFeedback(**{"epoch": bench.epoch, "seq_highest": 1, **fields}))


for _at, _field in ((0, "all"), (4, "delay"), (8, "loss_rate"), (12, "epoch"), (14, "reserved"),
                    (16, "seq_highest"), (24, "rate"), (31, "last byte")):
    case(f"FEEDBACK cut before {_field}", "feedback_malformed",
         lambda b, p, n=_at: p.frame(bytes(p.link(fs.FEEDBACK)) + feedback(b)[:n]))
for _step in (-1, 1, 0x8000):
    case(f"FEEDBACK on epoch {_step:+}", "feedback_epoch",
         lambda b, p, n=_step: p.frame(
             bytes(p.link(fs.FEEDBACK)) + feedback(b, epoch=(b.epoch + n) & 0xFFFF)))
for _kind, _name in ((fs.PROBE, "PROBE"), (fs.PROBE_REPLY, "PROBE_REPLY")):
    for _size in (0, 1, 15, 17, 32, 1000):
        case(f"{_name} of {_size} bytes", "probe_malformed",
             lambda b, p, k=_kind, n=_size: p.frame(bytes(p.link(k)) + bytes(n)))
case("PROBE_REPLY that nobody asked for", "probe_unexpected",
     lambda b, p: p.frame(bytes(p.link(fs.PROBE_REPLY)) + bytes(16)))


def decoded(**fields):
    return bytes(fs.FerryDecoded(**{"conference": CONF, "session": SINK, **fields}))


for _size in (0, 4, 8, 12, 15):
    case(f"DECODED of {_size} bytes", "decoded_malformed",
         lambda b, p, n=_size: p.frame(bytes(p.link(fs.DECODED)) + decoded()[:n]))
for _name, _fields in (("no conference", {"conference": CONF + 1}), ("no session", {"session": 4711})):
    case(f"DECODED of {_name}", "decoded_unknown",
         lambda b, p, f=_fields: p.frame(bytes(p.link(fs.DECODED)) + decoded(**f)))

# --- the Pathlet --------------------------------------------------------------------------------

_BODY = len(ferry_routes.routing_info(f"{OWN} > ({ONE}, {TWO})"))
for _at, _field in ((0, "the Pathlet"), (1, "its length's end"), (2, "node"), (5, "node's end"),
                    (6, "what is inside"), (8, "inner node"), (12, "second inner"),
                    (_BODY, "conference"), (_BODY + 4, "session"), (_BODY + 8, "seq"),
                    (_BODY + 12, "stamp"), (_BODY + 16, "source epoch"), (_BODY + 18, "flow_seq"),
                    (_BODY + 20, "flow"), (_BODY + 21, "flags"), (_BODY + 22, "reserved"),
                    (_BODY + 23, "last byte")):
    case(f"DATA cut before {_field}", "pathlet_truncated",
         lambda b, p, n=_at: p.frame(good(b, p)[:24 + n]))


def raw_data(bench, peer, head):
    """DATA with these bytes where its Pathlet should be."""
    return peer.frame(peer.data(head, bench.session(ELSEWHERE), b"payload!"))


def lie(name, reason, head, senders=(21, 31, 41)):
    case(name, reason, lambda b, p: raw_data(b, p, head), senders)


LEAF = pathlet(6, DEST | ONE)
lie("length 512 in a short datagram", "pathlet_truncated", pathlet(512, OWN, LEAF))
lie("length reaches into the session header", "pathlet_truncated", pathlet(12 + 20, OWN, LEAF))
lie("length is the datagram's", "pathlet_truncated", pathlet(12 + 24 + 8, OWN, LEAF))
for _id, _what in ((ONE, "a neighbour"), (99, "a stranger"), (0, "0"), (0x7FFFFFFF, "the highest")):
    lie(f"Pathlet of {_what}", "pathlet_wrong_node", pathlet(12, _id, LEAF))
    lie(f"Pathlet of {_what}, a destination", "pathlet_wrong_node", pathlet(6, DEST | _id))
lie("Pathlet of another and a length that lies", "pathlet_wrong_node", pathlet(5, 99, LEAF))
for _len in (0, 1, 5, 513, 0x7FFF, 0xFFFF):
    lie(f"length {_len}", "pathlet_malformed", pathlet(_len, OWN, LEAF))
for _len in (7, 11):
    lie(f"{_len - 6} bytes inside", "pathlet_malformed", pathlet(_len, OWN, LEAF[:_len - 6]))
for _len in (0, 5, 7, 12, 0xFFFF):
    lie(f"inner length {_len}", "pathlet_malformed", pathlet(12, OWN, pathlet(_len, DEST | ONE)))
lie("second inner beyond the end", "pathlet_malformed",
    pathlet(18, OWN, LEAF + pathlet(12, DEST | TWO)))
lie("first inner swallows half the second", "pathlet_malformed",
    pathlet(18, OWN, pathlet(9, DEST | ONE) + pathlet(6, DEST | TWO)))
lie("a byte after the inner Pathlet", "pathlet_malformed", pathlet(13, OWN, LEAF + b"\0"))
lie("five bytes after the inner Pathlet", "pathlet_malformed", pathlet(17, OWN, LEAF + b"\0\6\0\0\0"))
lie("inner id 0", "pathlet_malformed", pathlet(12, OWN, pathlet(6, DEST)))
lie("inner id 0 without the flag", "pathlet_malformed", pathlet(12, OWN, pathlet(6, 0)))
lie("inner id 0 after a good one", "pathlet_malformed", pathlet(18, OWN, LEAF + pathlet(6, 0)))
lie("own id inside", "pathlet_malformed", pathlet(12, OWN, pathlet(6, DEST | OWN)))
lie("own id inside, the node a destination", "pathlet_malformed",
    pathlet(18, DEST | OWN, LEAF + pathlet(6, OWN)))
lie("equal branches", "pathlet_malformed", pathlet(18, OWN, LEAF + LEAF))
lie("equal branches, one a destination", "pathlet_malformed",
    pathlet(24, OWN, LEAF + pathlet(12, ONE, pathlet(6, DEST | TWO))))
lie("equal branches, others between", "pathlet_malformed",
    pathlet(24, OWN, LEAF + pathlet(6, DEST | TWO) + LEAF))
lie("equal branches to a stranger", "pathlet_malformed",
    pathlet(18, OWN, pathlet(6, DEST | 99) + pathlet(6, DEST | 99)))
lie("dead end", "pathlet_dead_end", pathlet(6, OWN))


def nested(depth, first=100):
    """Pathlets one in another, this node's the outermost."""
    inner = b""
    for level in range(depth - 1, 0, -1):
        inner = pathlet(6 + len(inner), first + level if inner else DEST | first + level, inner)
    return pathlet(6 + len(inner), OWN, inner)


for _depth in (33, 34, 85):
    lie(f"{_depth} deep", "pathlet_too_deep", nested(_depth))


def _deep_beside():
    deep = nested(33)[6:]
    inner = LEAF + pathlet(6 + len(deep), TWO, deep)
    return pathlet(6 + len(inner), OWN, inner)


lie("too deep in the second branch", "pathlet_too_deep", _deep_beside())
lie("next hop is no peer", "pathlet_unknown_hop", pathlet(12, OWN, pathlet(6, DEST | 99)))

# --- the way out --------------------------------------------------------------------------------

case("next hop does not answer", "hop_unresolved",
     lambda b, p: p.frame(good(b, p, path=f"{OWN} > 71")), more=lambda p: {"link 71 tx_drops": 1})
case("larger than the next hop's MTU", "mtu_exceeded",
     lambda b, p: p.frame(p.data(f"{OWN} > 51", b.session(ELSEWHERE), bytes(700))),
     more=lambda p: {"link 51 tx_drops": 1})

# --- delivery -----------------------------------------------------------------------------------


def delivered(bench, peer, number=SINK, **fields):
    return peer.frame(peer.data(f"{OWN}", bench.session(number, **fields)))


case("unknown session", "session_unknown", lambda b, p: delivered(b, p, UNKNOWN))
case("unknown conference", "session_unknown",
     lambda b, p: delivered(b, p, SINK, conference=CONF + 1))
case("session of others", "session_not_destination", lambda b, p: delivered(b, p, ELSEWHERE))
case("session that starts here", "session_not_destination", lambda b, p: delivered(b, p, 1))
case("coded", "session_coded", lambda b, p: delivered(b, p, flags=0x01))
case("coded and other flags", "session_coded", lambda b, p: delivered(b, p, flags=0xFF))


def coded(bench, peer, coding, number=CODED_BLOCK, **fields):
    """A coded packet that takes no sequence, or only its flow's where the session's is given."""
    source = bench.source(number)
    if not fields:
        fields = {"seq": source.next_seq, "flow_seq": source.next_flow_seq}
    session = bench.session(number, flags=fs.CODED, **fields)
    return peer.frame(peer.data(f"{OWN}", session, coding))


def lying(name, reason, coding, number=CODED_BLOCK):
    case(name, reason, lambda b, p: coded(b, p, coding, number))


for _size in range(4):
    lying(f"coding header of {_size} bytes", "coding_truncated", bytes((0x10, 8, 0, 1))[:_size])
for _size in (0, 7):
    lying(f"combination of {_size} bytes", "coding_truncated", bytes((0x10, 8, 0, 1)) + bytes(_size))
    lying(f"{_size} of 8 coefficients", "coding_truncated", bytes((0x20, 8, 0, 0)) + b"1" * _size)
for _name, _head in (("kind 3", (0x30, 8, 0, 0)), ("kind 15", (0xF0, 8, 0, 0)),
                     ("bit 0x04", (0x14, 8, 0, 0)), ("bit 0x08", (0x18, 8, 0, 0)),
                     ("final window", (0x13, 8, 0, 0)), ("no source packet", (0x10, 0, 0, 0)),
                     ("129 source packets", (0x10, 129, 0, 0)), ("index 8 of 8", (0, 8, 8, 0)),
                     ("index 255 of 1", (0, 1, 255, 0))):
    lying(f"coding header with {_name}", "coding_malformed", bytes(_head) + bytes(140))
for _index in (0, 1):
    lying(f"window, source packet {_index} of 2", "coding_malformed", bytes((0x01, 2, _index, 0)) + bytes(8),
          CODED_WINDOW)
lying("coefficients all 0", "coding_zero", bytes((0x20, 8, 0, 0)) + bytes(8 + 8 + 20))
lying("9 source packets where 8 are coded", "coding_mismatch", bytes((0x10, 9, 0, 1)) + bytes(20))
lying("window where blocks are coded", "coding_mismatch", bytes((0x11, 8, 0, 1)) + bytes(20))
lying("block where windows are coded", "coding_mismatch", bytes((0x10, 8, 0, 1)) + bytes(20),
      CODED_WINDOW)
for _name, _reason, _back in (("of what is there", "coding_dependent", 1),
                              ("of what is long gone", "coding_late", 100)):
    case(f"combination {_name}", _reason,
         lambda b, p, n=_back: coded(b, p, bytes((0x11, 1, 0, 1)) + bytes(20), CODED_WINDOW,
                                     seq=(b.source(CODED_WINDOW).next_seq - n) & 0xFFFFFFFF),
         more=lambda p: {f"flow {CODED_WINDOW}/0 received": 1})
for _step in (1, 0x7FFF, 0x8000):
    case(f"source epoch {_step} older", "session_stale_epoch",
         lambda b, p, n=_step: delivered(b, p, epoch=(b.source(SINK).epoch - n) & 0xFFFF))
case("session sequence delivered already", "session_duplicate",
     lambda b, p: delivered(b, p, seq=(b.source(SINK).next_seq - 1) & 0xFFFFFFFF),
     more=lambda p: {f"session {SINK} duplicates": 1})
case("session sequence below the window", "session_too_old",
     lambda b, p: delivered(b, p, seq=(b.source(SINK).next_seq - 1 - 64) & 0xFFFFFFFF),
     more=lambda p: {f"session {SINK} too_old": 1})
case("session sequence far ahead", "session_far_ahead",
     lambda b, p: delivered(b, p, seq=(b.source(SINK).next_seq + 64 + 1) & 0xFFFFFFFF))
case("session sequence half a turn away", "session_too_old",
     lambda b, p: delivered(b, p, seq=(b.source(SINK).next_seq - 1 - 0x7FFFFFFF) & 0xFFFFFFFF),
     more=lambda p: {f"session {SINK} too_old": 1})
