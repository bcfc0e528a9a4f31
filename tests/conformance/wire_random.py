# SPDX-License-Identifier: BSD-3-Clause
"""Random routes and damaged datagrams for tests; everything from the generator that is passed in."""

import struct

from ferry_routes import RouteError, datagrams, tree
from ferry_scapy import DECODED, FEEDBACK, PROBE, PROBE_REPLY, SPAN_MAX
from ferry_scapy import FerryFeedback, FerryLink, FerryProbe


def _branches(rng, above, depth, room):
    ids = rng.sample([i for i in range(1, 40) if i not in above], rng.choice((1, 1, 2, 3)))
    texts = []
    for node in ids:
        text = str(node) + rng.choice(("", "", "*", " *"))
        if depth < room and rng.random() < 0.75:
            text += rng.choice((">", " > ")) + _branches(rng, above | {node}, depth + 1, room)
        texts.append(text)
    if len(texts) == 1:
        return rng.choice(("{}", "{}", "( {} )")).format(texts[0])
    return "(" + rng.choice((",", ", ", " ,\n")).join(texts) + ")"


def text(rng):
    """A route that a source takes."""
    while True:
        found = _branches(rng, set(), 1, rng.choice((1, 2, 3, 4, 6)))
        try:
            tree(found)
        except RouteError:
            continue
        return found


def _deep(rng):
    """About as deep as a tree may be, with or without something beside the way down."""
    inner = b""
    for level in range(rng.randint(29, 35), 0, -1):
        if level < 30 and rng.random() < 0.1:
            beside = struct.pack("!HI", 6, 0x80000000 | 100 + level)
            inner = inner + beside if rng.random() < 0.5 else beside + inner
        inner = struct.pack("!HI", 6 + len(inner), level | (0 if inner else 0x80000000)) + inner
    return bytes(FerryLink(node=9)) + inner + bytes(24)


def _coded(rng):
    """A coded packet, its coding header right most of the time."""
    head = bytes((rng.choice((0, 1, 2, 0x10, 0x12, 0x20, 0x21, 0x22, 3, 0x30)),
                  rng.choice((1, 2, 5, 128, 129)), rng.choice((0, 0, 1, 4)), 0))  # fmt: skip
    payload = head + bytes(rng.choice((0, 0, 0, 1)) for _ in range(rng.choice((0, 7, 8, 14, SPAN_MAX + 8))))
    (hop, packet), = datagrams("2", link={"node": 9}, session={"flags": 1}, payload=payload)
    return bytes(packet)


def _sound(rng):
    kind = rng.random()
    if kind < 0.05:
        body = FerryFeedback(epoch=1)
        return 1, bytes(FerryLink(type=FEEDBACK, node=9) / body) + bytes(rng.choice((0, 4)))
    if kind < 0.1:
        link = FerryLink(type=rng.choice((PROBE, PROBE_REPLY)), node=9)
        return 1, bytes(link / FerryProbe(cookie=bytes(16)))
    if kind < 0.15:
        return 1, bytes(FerryLink(type=DECODED, node=9)) + bytes(rng.choice((15, 16, 17)))
    if kind < 0.3:
        return 1, _deep(rng)
    if kind < 0.5:
        return 2, _coded(rng)
    payload = bytes(rng.randint(0, 40))
    hop, packet = rng.choice(datagrams(text(rng), link={"node": 9}, payload=payload))
    return hop, bytes(packet)


def _hurt(rng, data):
    """One wound: mostly where it matters, in the first header bytes and in lengths and ids."""
    at = rng.randrange(len(data))
    kind = rng.random()
    if kind < 0.25:
        del data[at:]
    elif kind < 0.4 and len(data) > 30:
        slot = 24 + 6 * min(rng.randrange((len(data) - 24) // 6), rng.randrange(4))
        data[slot : slot + 2] = struct.pack("!H", rng.choice((0, 5, 6, 7, 12, 18, 513, 65535)))
    elif kind < 0.6 and len(data) > 30:
        slot = 26 + 6 * min(rng.randrange((len(data) - 30) // 6 + 1), rng.randrange(4))
        node = rng.choice((0, 1, 1, 2, 3, 5)) | rng.choice((0, 0x80000000))
        data[slot : slot + 4] = struct.pack("!I", node)
    elif kind < 0.7 and len(data) > 1:
        data[rng.choice((0, 1))] = rng.choice((0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x20, 0, 1, 128))
    elif kind < 0.85:
        data[at] ^= 1 << rng.randrange(8)
    elif kind < 0.95:
        data[at:at] = bytes(rng.randrange(256) for _ in range(rng.choice((1, 6, 12))))


def damaged(rng):
    """(receiver, UDP payload): sound one time in a few, else wounded once or twice."""
    hop, data = _sound(rng)
    data = bytearray(data)
    for _ in range(rng.choice((0, 1, 1, 1, 2))):
        if data:
            _hurt(rng, data)
    return hop, bytes(data)
