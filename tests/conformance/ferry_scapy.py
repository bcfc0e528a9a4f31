# SPDX-License-Identifier: BSD-3-Clause
"""Ferry's wire format, version 1, as scapy layers.

Written from dataplane/wire/WIRE.md and from nothing else, so that it can be held against the C code and
against the dissector. ferry_routes.py has the text form of routes, ferry_judge.py what a receiver must
make of a datagram.
"""

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
