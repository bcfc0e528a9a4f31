# SPDX-License-Identifier: BSD-3-Clause
"""Ferry's wire format, version 1, as scapy layers.

Written from dataplane/wire/WIRE.md and from nothing else, so that it can be held against the C code and
against the dissector. Three parts: the layers, the text form of routes (parse, print, encode), and
judge(), which says by which name a receiver must drop a datagram.

    from ferry_scapy import FerryLink, FerrySession, datagrams, judge
    for hop, packet in datagrams("1 > (2, 3)", link={"node": 9}, payload=b"hello"):
        send(IP(dst=...) / UDP(sport=13779, dport=13779) / packet)
"""

import re
import struct

from scapy.fields import (
    BitEnumField,
    BitField,
    ByteField,
    ConditionalField,
    FlagsField,
    IntField,
    LongField,
    PacketListField,
    ShortField,
    StrFixedLenField,
    StrLenField,
)
from scapy.layers.inet import UDP
from scapy.packet import Packet, bind_bottom_up, bind_layers, bind_top_down

UDP_PORT = 13779
DATA, FEEDBACK, PROBE, PROBE_REPLY, DECODED = range(5)
TYPES = {
    DATA: "DATA",
    FEEDBACK: "FEEDBACK",
    PROBE: "PROBE",
    PROBE_REPLY: "PROBE_REPLY",
    DECODED: "DECODED",
}
SYSTEMATIC, SEEDED, RECODED = range(3)

LINK_BYTES = 24
PATHLET_BYTES = 6
SESSION_BYTES = 24
FEEDBACK_BYTES = 32
PROBE_BYTES = 16
DECODED_BYTES = 16
CODING_BYTES = 4
SYMBOL_HEAD_BYTES = 8
SPAN_MAX = 128
CODED = 0x01
TREE_MAX_BYTES = 512
TREE_MAX_DEPTH = 32
DEPTH_CHECKED_ABOVE = TREE_MAX_DEPTH * PATHLET_BYTES
NODE_ID_MAX = 0x7FFFFFFF


class FerryLink(Packet):
    """Link header: begins every datagram between neighbours."""

    name = "Ferry link"
    fields_desc = [
        BitField("version", 1, 4),
        BitEnumField("type", DATA, 4, TYPES),
        FlagsField("flags", 0, 8, ["sealed"]),
        ShortField("epoch", 0),
        IntField("node", 0),
        LongField("seq", 0),
        IntField("stamp", 0),
        IntField("rtt", 0),
    ]


class Pathlet(Packet):
    """The one Pathlet of a DATA datagram. Its length is computed when it is not given."""

    name = "Ferry Pathlet"
    fields_desc = [
        ShortField("length", None),
        BitField("destination", 0, 1),
        BitField("node", 0, 31),
    ]

    def do_dissect(self, s):
        # Scapy keeps a second copy of a list of packets for its cache and copies both whenever it
        # copies the packet: 2^depth of them for nested lists. So: no cache, build from the fields.
        rest = super().do_dissect(s)
        self.raw_packet_cache = self.raw_packet_cache_fields = None
        return rest

    def post_build(self, pkt, pay):
        if self.length is None:
            pkt = struct.pack("!H", len(pkt)) + pkt[2:]
        return pkt + pay


class InnerPathlet(Pathlet):
    """A Pathlet inside another: what follows it is its neighbour, not its payload."""

    name = "Ferry inner Pathlet"

    def extract_padding(self, s):
        return b"", s


# A Pathlet holds Pathlets, which can be said only when the class is there.
Pathlet.fields_desc = Pathlet.fields_desc + [
    PacketListField(
        "inner", [], InnerPathlet, length_from=lambda p: max(0, p.length - PATHLET_BYTES)
    )
]
for _cls in (Pathlet, InnerPathlet):
    _cls.fields_desc = Pathlet.fields_desc


class FerrySession(Packet):
    """Session header: follows the Pathlet, goes unchanged from source to destination."""

    name = "Ferry session"
    fields_desc = [
        IntField("conference", 0),
        IntField("session", 0),
        IntField("seq", 0),
        IntField("stamp", 0),
        ShortField("epoch", 0),
        ShortField("flow_seq", 0),
        ByteField("flow", 0),
        FlagsField(
            "flags", 0, 8, ["coded", "delay_sensitive", "message_first", "message_last"]
        ),
        ShortField("reserved", 0),
    ]


def seed_coefficients(seed, n):
    """The coefficients that a seed stands for: TinyMT32 of RFC 8682, the low bytes that are not 0."""
    mat1, mat2, tmat, word = 0x8F7011EE, 0xFC78FF1F, 0x3793FDFF, 0xFFFFFFFF
    state = [seed, mat1, mat2, tmat]

    def step():
        y = state[3]
        x = (state[0] & 0x7FFFFFFF) ^ state[1] ^ state[2]
        x ^= x << 1 & word
        y ^= y >> 1 ^ x
        state[:] = [state[1], state[2], (x ^ y << 10) & word, y]
        if y & 1:
            state[1] ^= mat1
            state[2] ^= mat2

    for i in range(1, 8):
        before = state[(i - 1) % 4]
        state[i % 4] ^= (i + 1812433253 * (before ^ before >> 30)) & word
    for _ in range(8):
        step()
    found = []
    while len(found) < n:
        step()
        mixed = (state[0] + (state[2] >> 8)) & word
        number = state[3] ^ mixed ^ (tmat if mixed & 1 else 0)
        if number & 0xFF:
            found.append(number & 0xFF)
    return bytes(found)


class FerryCoding(Packet):
    """Coding header: follows the session header of a coded packet."""

    name = "Ferry coding"
    fields_desc = [
        BitField("kind", SYSTEMATIC, 4),
        BitField("unused", 0, 2),
        BitField("final", 0, 1),
        BitField("window", 0, 1),
        ByteField("n", 1),
        ConditionalField(ByteField("index", 0), lambda p: p.kind == SYSTEMATIC),
        ConditionalField(ByteField("reserved", 0), lambda p: p.kind == SYSTEMATIC),
        ConditionalField(ShortField("seed", 0), lambda p: p.kind == SEEDED),
        ConditionalField(ShortField("unused2", 0), lambda p: p.kind >= RECODED),
        ConditionalField(
            StrLenField("coefficients", b"", length_from=lambda p: p.n),
            lambda p: p.kind == RECODED,
        ),
    ]

    def vector(self):
        """The coefficient of each of the n sequences."""
        if self.kind == SYSTEMATIC:
            return bytes(int(i == self.index) for i in range(self.n))
        return self.coefficients if self.kind == RECODED else seed_coefficients(self.seed, self.n)


class FerrySymbol(Packet):
    """Head of a symbol: what a combination combines of a source packet beside its payload."""

    name = "Ferry symbol"
    fields_desc = [
        ShortField("length", 0),
        ByteField("flags", 0),
        ByteField("reserved", 0),
        IntField("stamp", 0),
    ]


class FerryDecoded(Packet):
    """Body of DECODED."""

    name = "Ferry decoded"
    fields_desc = [
        IntField("conference", 0),
        IntField("session", 0),
        IntField("seq", 0),
        ShortField("epoch", 0),
        ShortField("reserved", 0),
    ]


class FerryFeedback(Packet):
    """Body of FEEDBACK."""

    name = "Ferry feedback"
    fields_desc = [
        IntField("stamp_echo", 0),
        IntField("delay", 0),
        IntField("loss_rate", 0),
        ShortField("epoch", 0),
        ShortField("reserved", 0),
        LongField("seq_highest", 0),
        LongField("rate", 0),
    ]


class FerryProbe(Packet):
    """Body of PROBE and of PROBE_REPLY."""

    name = "Ferry probe"
    fields_desc = [StrFixedLenField("cookie", b"", length=PROBE_BYTES)]


bind_bottom_up(UDP, FerryLink, dport=UDP_PORT)
bind_bottom_up(UDP, FerryLink, sport=UDP_PORT)
bind_top_down(UDP, FerryLink, sport=UDP_PORT, dport=UDP_PORT)
bind_layers(FerryLink, Pathlet, type=DATA)
bind_layers(FerryLink, FerryFeedback, type=FEEDBACK)
bind_bottom_up(FerryLink, FerryProbe, type=PROBE_REPLY)
bind_layers(FerryLink, FerryProbe, type=PROBE)
bind_layers(FerryLink, FerryDecoded, type=DECODED)
bind_layers(Pathlet, FerrySession)


# --- routes: text, trees of layers, bytes -------------------------------------------------------

_TOKEN = re.compile(r"[ \t\r\n]*(?:([0-9]+)|([*>(),]))")


class RouteError(ValueError):
    """A route that a source must refuse."""


class _Text:
    """Recursive descent over the grammar of WIRE.md."""

    def __init__(self, text):
        self.tokens = []
        pos, end = 0, len(text.rstrip(" \t\r\n"))
        while pos < end:
            match = _TOKEN.match(text, pos)
            if not match:
                raise RouteError(f"route {text!r}: not understood from {text[pos:]!r}")
            self.tokens.append(match.group(1) or match.group(2))
            pos = match.end()
        self.tokens.append("")

    def peek(self):
        return self.tokens[0]

    def take(self, *wanted):
        if wanted and self.tokens[0] not in wanted:
            raise RouteError(f"route: {self.tokens[0]!r} where one of {wanted} must be")
        return self.tokens.pop(0)

    def tree(self, level):
        if self.peek() != "(":
            return [self.branch(level)]
        self.take("(")
        branches = [self.branch(level)]
        while self.take(",", ")") == ",":
            branches.append(self.branch(level))
        return branches

    def branch(self, level):
        if level > TREE_MAX_DEPTH:
            raise RouteError(f"route: deeper than {TREE_MAX_DEPTH}")
        token = self.take()
        if not token.isdigit() or not 1 <= int(token) <= NODE_ID_MAX:
            raise RouteError(f"route: {token!r} is no NodeID")
        star = self.peek() == "*" and bool(self.take())
        inner = []
        if self.peek() == ">":
            self.take()
            inner = self.tree(level + 1)
        return InnerPathlet(node=int(token), destination=int(star or not inner), inner=inner)


def _check_ways(branches, above):
    ids = [b.node for b in branches]
    if len(set(ids)) != len(ids):
        raise RouteError("route: two equal branches side by side")
    for branch in branches:
        if branch.node in above:
            raise RouteError(f"route: node {branch.node} twice on one way down")
        _check_ways(branch.inner, above | {branch.node})


def tree(text, source=None):
    """Text form -> the RoutingInfo as a list of InnerPathlets; RouteError if a source refuses it."""
    parser = _Text(text)
    branches = parser.tree(1)
    if parser.peek():
        raise RouteError(f"route {text!r}: {parser.peek()!r} after its end")
    _check_ways(branches, {source} if source else set())
    if sum(len(bytes(b)) for b in branches) > TREE_MAX_BYTES:
        raise RouteError(f"route: longer than {TREE_MAX_BYTES} bytes")
    return branches


def text_of(branches):
    """RoutingInfo -> canonical text form."""
    texts = []
    for branch in branches:
        text = str(branch.node)
        if branch.inner:
            text += "*" if branch.destination else ""
            text += " > " + text_of(branch.inner)
        elif not branch.destination:
            text += "!"  # a dead end has no text form; no receiver takes one
        texts.append(text)
    return texts[0] if len(texts) == 1 else "(" + ", ".join(texts) + ")"


def routing_info(text, source=None):
    """Text form -> the bytes that the source holds."""
    return b"".join(bytes(b) for b in tree(text, source))


def own_pathlet(branch):
    """A branch of a tree as the one Pathlet of a datagram."""
    return Pathlet(node=branch.node, destination=branch.destination, inner=branch.inner)


def datagrams(text, link=None, session=None, payload=b""):
    """Every datagram that one packet becomes as it leaves its source: [(next hop, packet)].

    link and session are dictionaries of field values; link may also be a function of the next hop,
    for each link has its own sequence and stamp."""
    packets = []
    for branch in tree(text):
        header = link(branch.node) if callable(link) else (link or {})
        packet = FerryLink(**header) / own_pathlet(branch) / FerrySession(**(session or {}))
        packets.append((branch.node, packet / payload if payload else packet))
    return packets


# --- what a receiver must say of a datagram -----------------------------------------------------


def _inner_of(data, start, end):
    """Pathlets that lie side by side in data[start:end]: [(length, node, offset)], and whether they
    fill it."""
    found, pos = [], start
    while end - pos >= PATHLET_BYTES:
        length, node = struct.unpack_from("!HI", data, pos)
        if length < PATHLET_BYTES or length > end - pos:
            break
        found.append((length, node & NODE_ID_MAX, pos))
        pos += length
    return found, pos == end


def _depth(data, pos, length):
    """Depth of a Pathlet, itself included; a length that lies hides itself and what follows it in
    the Pathlet that holds it."""
    inner, _ = _inner_of(data, pos + PATHLET_BYTES, pos + length)
    return 1 + max((_depth(data, at, size) for size, _, at in inner), default=0)


def judge_coding(data):
    """The drop reason for what follows the session header of a coded packet, or None."""
    if len(data) < CODING_BYTES:
        return "coding_truncated"
    kind, bits, n = data[0] >> 4, data[0] & 0x0F, data[1]
    if kind > RECODED or bits > 2 or not 1 <= n <= SPAN_MAX:
        return "coding_malformed"
    if kind == SYSTEMATIC:
        return None if data[2] < n else "coding_malformed"
    coefficients = data[CODING_BYTES : CODING_BYTES + n] if kind == RECODED else b""
    if kind == RECODED and len(coefficients) < n:
        return "coding_truncated"
    if kind == RECODED and not any(coefficients):
        return "coding_zero"
    if len(data) < CODING_BYTES + len(coefficients) + SYMBOL_HEAD_BYTES:
        return "coding_truncated"
    return None


def judge_pathlet(data, own):
    """The drop reason for what follows the link header of DATA at node own, or None."""
    if len(data) < PATHLET_BYTES:
        return "pathlet_truncated"
    length, node = struct.unpack_from("!HI", data)
    if node & NODE_ID_MAX != own:
        return "pathlet_wrong_node"
    if not PATHLET_BYTES <= length <= TREE_MAX_BYTES:
        return "pathlet_malformed"
    if length + SESSION_BYTES > len(data):
        return "pathlet_truncated"
    inner, filled = _inner_of(data, PATHLET_BYTES, length)
    if not filled:
        return "pathlet_malformed"
    ids = [i[1] for i in inner]
    if 0 in ids or own in ids or len(set(ids)) != len(ids):
        return "pathlet_malformed"
    if not inner and not node > NODE_ID_MAX:
        return "pathlet_dead_end"
    if length > DEPTH_CHECKED_ABOVE and _depth(data, 0, length) > TREE_MAX_DEPTH:
        return "pathlet_too_deep"
    session = length + SESSION_BYTES
    if node > NODE_ID_MAX and data[session - 3] & CODED:
        return judge_coding(data[session:])
    return None


def judge(datagram, own):
    """The drop reason for a UDP payload that arrives at node own, or None.

    Only what the datagram itself shows: who is a peer, epochs, sequences and sessions are state of
    the receiver. The first check that fails names the drop."""
    if len(datagram) < LINK_BYTES:
        return "link_truncated"
    version, kind = datagram[0] >> 4, datagram[0] & 15
    if version != 1:
        return "link_version"
    if kind not in TYPES:
        return "link_type"
    if datagram[1] != 0:
        return "link_flag"
    if not 1 <= int.from_bytes(datagram[4:8], "big") <= NODE_ID_MAX:
        return "link_unknown_peer"
    body = datagram[LINK_BYTES:]
    if kind == FEEDBACK:
        return "feedback_malformed" if len(body) < FEEDBACK_BYTES else None
    if kind in (PROBE, PROBE_REPLY):
        return "probe_malformed" if len(body) != PROBE_BYTES else None
    if kind == DECODED:
        return "decoded_malformed" if len(body) < DECODED_BYTES else None
    return judge_pathlet(body, own)


def _pathlet_fields(pathlet):
    return {
        "length": pathlet.length,
        "destination": bool(pathlet.destination),
        "node": pathlet.node,
        "inner": [_pathlet_fields(p) for p in pathlet.inner],
    }


def _numbers(layer):
    return {f.name: int(layer.getfieldval(f.name)) for f in layer.fields_desc}


def _coding_fields(coding):
    """Fields that this kind has; coefficients also where they are drawn from a seed."""
    names = ["kind", "window", "final", "n"]
    names += [["index", "reserved"], ["seed"], []][coding.kind]
    fields = {name: int(coding.getfieldval(name)) for name in names}
    if coding.kind != SYSTEMATIC:
        fields["coefficients"] = coding.vector().hex()
    if coding.kind == RECODED:
        fields["reserved"] = coding.unused2
    return fields


def decode(datagram):
    """A well-formed UDP payload in the form of the vectors of WIRE.md."""
    link = FerryLink(datagram)
    out = {"link": _numbers(link)}
    body = link.payload
    if link.type == DATA:
        out["route"] = text_of([body])
        out["pathlet"] = _pathlet_fields(body)
        out["session"] = _numbers(body.payload)
        rest = bytes(body.payload.payload)
        if int(body.payload.flags) & CODED and not judge_coding(rest):
            coding = FerryCoding(rest)
            out["coding"] = _coding_fields(coding)
            rest = bytes(coding.payload)
        out["payload"] = rest.hex()
    elif link.type == FEEDBACK:
        out["feedback"] = _numbers(body)
    elif link.type == DECODED:
        out["decoded"] = _numbers(body)
    else:
        out["probe"] = {"cookie": body.cookie.hex()}
    return out


