# SPDX-License-Identifier: BSD-3-Clause
"""Decodes a generation, written from dataplane/wire/WIRE.md, section 7, and from nothing else."""

from ferry_scapy import SYSTEMATIC, FerryCoding, FerryLink, FerrySession, FerrySymbol

POLYNOMIAL = 0x11D


def multiply(a, b):
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = a << 1 ^ (POLYNOMIAL if a & 0x80 else 0)
        b >>= 1
    return product


def inverse(a):
    return next(b for b in range(1, 256) if multiply(a, b) == 1)


def equation(packet: FerryLink):
    """(coefficients, what they give): of a coded packet."""
    session = packet[FerrySession]
    coding = FerryCoding(bytes(session.payload))
    payload = bytes(coding.payload)
    if coding.kind == SYSTEMATIC:
        head = FerrySymbol(
            length=len(payload), flags=int(session.flags) & 0x0E, stamp=session.stamp
        )
        payload = bytes(head) + payload
    return coding.vector(), payload


def solve(packets, first):
    """The source packets of the generation, in the form of the document."""
    equations = [equation(p) for p in packets]
    n, size = max(len(c) for c, _ in equations), max(len(d) for _, d in equations)
    rows = [list(c.ljust(n, b"\0") + d.ljust(size, b"\0")) for c, d in equations]
    for column in range(n):
        pivot = next(i for i in range(column, len(rows)) if rows[i][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        scale = inverse(rows[column][column])
        rows[column] = [multiply(scale, x) for x in rows[column]]
        for i, row in enumerate(rows):
            if i != column and row[column]:
                factor = row[column]
                rows[i] = [x ^ multiply(factor, y) for x, y in zip(row, rows[column])]
    sources = []
    for i in range(n):
        symbol = FerrySymbol(bytes(rows[i][n:]))
        payload = bytes(symbol.payload)
        assert symbol.reserved == 0 and not any(payload[symbol.length :])
        sources.append({"seq": first + i, "stamp": symbol.stamp, "flags": symbol.flags,
                        "payload": payload[: symbol.length].hex()})  # fmt: skip
    return sources
