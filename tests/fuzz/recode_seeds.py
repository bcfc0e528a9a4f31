#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seed corpus of fuzz_recode: generations that are sound, and some that lie."""
import os
import struct
import sys

QUEUE, LATER, SPLIT, LONG, DECODED, ROUTING = 4, 8, 16, 32, 64, 128
NOSUM = 0x80  # in "more"


def record(session, content=b"", generation=0, what=0, more=0, way=0, burst=False):
    return struct.pack("!BBBB", what, session | generation << 3, more | way << 4,
                       len(content) | burst << 7) + content


def systematic(n, index, payload, final=False):
    return struct.pack("!BBBB", 2 * final, n, index, 0) + payload


def seeded(n, seed, symbol, final=True):
    return struct.pack("!BBH", 0x10 | 2 * final, n, seed) + symbol


def recoded(coeffs, symbol, final=True):
    return struct.pack("!BBH", 0x20 | 2 * final, len(coeffs), 0) + bytes(coeffs) + symbol


def generation(session, n, way=0, **more):
    for i in range(n):
        yield record(session, systematic(n, i, b"source %d" % i, i + 1 == n), way=way, **more)


def seeds():
    for session in range(6):
        yield f"session{session}", [*generation(session, 4), *generation(session, 4, generation=1)]
    for way in range(8):
        yield f"way{way}", [*generation(0, 3, way=way), *generation(3, 3, way=way, what=QUEUE)]
    yield "seeds", [record(0, seeded(8, i, bytes(range(20)))) for i in range(9)]
    yield "explicit", [record(0, recoded([0, 1, 2, 3], bytes(12))),
                       record(0, recoded([1, 1, 2, 3], bytes(range(12)))),
                       record(0, recoded([0, 0, 0, 0], bytes(12)))]
    yield "window", [record(0, b"\1\4\0\0window"), record(0, b"\x11\4\0\1" + bytes(12))]
    yield "beyond", [record(0, systematic(3, 2, b"last", True)), record(0, systematic(9, 8, b"9"))]
    yield "too_long", [record(0, systematic(16, 15, b"", what) if what else seeded(17, 1, bytes(9)))
                       for what in (False, True)]
    yield "paced", [*generation(0, 12, way=1), *generation(3, 12, way=4, what=SPLIT)]
    yield "union", [*generation(0, 3, way=2), *generation(0, 3, way=3, what=1)]
    yield "long", [*generation(0, 4, what=LONG), record(0, seeded(4, 7, bytes(30)), what=LONG)]
    yield "decoded", [*generation(0, 4, way=4), record(0, what=DECODED),
                      record(0, what=DECODED | 3), *generation(0, 2, way=4), record(3, what=DECODED)]
    yield "many", [part for g in range(20) for part in generation(4, 2, generation=g)]
    yield "later", [part for g in range(4) for part in generation(0, 2, generation=g, what=LATER)]
    yield "epochs", [*generation(0, 2), *generation(0, 2, more=1)]
    own = bytes.fromhex("000c00000002 000680000003")
    yield "routing", [record(0, bytes([len(own)]) + own + systematic(4, i, b"x"), what=ROUTING)
                      for i in range(3)]
    fast = {"more": NOSUM, "burst": True}
    for session in (0, 2, 4):
        for way in (0, 2, 4):
            yield f"fast{session}{way}", [*generation(session, 6, way=way, **fast),
                                          *generation(session, 3, way, generation=1, **fast)]
    yield "fast_mixed", [part for i in range(8) for part in (
        record(i % 5, systematic(4, i // 2, b"m%d" % i), way=i % 4, **fast),
        record(i % 5, seeded(4, i, bytes(range(9))), what=i % 3, **fast))]
    yield "burst", [*generation(3, 8, way=1, burst=True),
                    *(record(3, what=DECODED | i, burst=True) for i in range(3))]


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} DIRECTORY")
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, records in seeds():
        with open(os.path.join(sys.argv[1], name), "wb") as file:
            file.write(b"".join(records))


main()
