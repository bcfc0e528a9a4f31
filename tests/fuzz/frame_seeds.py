#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seed corpus of fuzz_frame: valid frames of every kind that its node knows, and some
that belong together. Lengths and checksums are left to the target, which makes them right."""
import os
import struct
import sys

NODE, EPOCH = 7, 100


def addresses(peer):
    if peer % 2:
        return 4, bytes([10, 0, 0, peer]), bytes([10, 0, 0, NODE])
    return 6, bytes([0xFD] + [0] * 14 + [peer]), bytes([0xFD] + [0] * 14 + [NODE])


def frame(peer, body, port=13779, protocol=17):
    family, source, destination = addresses(peer)
    udp = struct.pack("!HHHH", 13779, port, 0, 0) + body
    if family == 4:
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 0, 0, 0x4000, 64, protocol, 0)
    else:
        ip = struct.pack("!IHBB", 6 << 28, 0, protocol, 64)
    ether = bytes.fromhex("020000000007 0200000000") + bytes([peer])
    ether += struct.pack("!H", 0x0800 if family == 4 else 0x86DD)
    return ether + ip + source + destination + udp


def link(peer, kind, sequence, epoch=1000):
    return struct.pack("!BBHIQII", 1 << 4 | kind, 0, epoch, peer, sequence, 12345, 500)


def pathlet(node, *inside, destination=False):
    inner = b"".join(inside)
    return struct.pack("!HI", 6 + len(inner), node | (destination << 31)) + inner


def session(number, sequence, epoch=1, flow=0, flags=0):
    return struct.pack("!IIIIHHBBH", 1, number, sequence, 777, epoch, sequence, flow, flags, 0)


def coded(peer, sequence, tree, number, first, coding, content):
    body = link(peer, 0, sequence) + tree + session(number, first, flags=1) + coding + content
    return frame(peer, body)


def data(peer, sequence, tree, number=1, packet=0, **more):
    body = link(peer, 0, sequence) + tree + session(number, packet, **more) + b"payload %d" % packet
    return frame(peer, body)


def record(content, what=0):
    return struct.pack("!BH", what, len(content)) + content


def seeds():
    here = pathlet(NODE, destination=True)
    leaf = [pathlet(n, destination=True) for n in range(7)]
    yield "deliver4", [record(data(1, 0, here))]
    yield "deliver6", [record(data(2, 0, here, 2))]
    yield "forward4", [record(data(1, 0, pathlet(NODE, leaf[3])))]
    yield "forward6", [record(data(2, 0, pathlet(NODE, leaf[4])))]
    yield "forward46", [record(data(1, 0, pathlet(NODE, leaf[2])))]
    yield "forward64", [record(data(2, 0, pathlet(NODE, pathlet(1, leaf[6]))))]
    fan = pathlet(NODE, leaf[1], leaf[2], pathlet(3, leaf[5], leaf[6]), leaf[4], destination=True)
    yield "multicast4", [record(data(3, 0, fan, 2))]
    yield "multicast6", [record(data(4, 0, fan, 3))]
    yield "unknown_hop", [record(data(1, 0, pathlet(NODE, leaf[6], leaf[2])))]
    yield "unresolved", [record(data(1, 0, pathlet(NODE, leaf[5])))]
    yield "split", [record(data(2, 0, fan, 2), 0x04)]
    deep = leaf[1]
    for i in range(30):
        deep = pathlet(2 + i % 2, deep)
    yield "deep", [record(data(1, 0, pathlet(NODE, deep)))]
    yield "too_deep", [record(data(1, 0, pathlet(NODE, pathlet(3, deep))))]
    yield "feedback", [record(frame(1, link(1, 1, 0) + struct.pack(
        "!IIIHHQQ", 1, 2, 3, EPOCH, 0, 4, 5)))]
    yield "probe4", [record(frame(1, link(1, 2, 0) + bytes(range(16))))]
    yield "probe6", [record(frame(2, link(2, 2, 0) + bytes(range(16))), 0x01)]
    yield "probe_reply", [record(frame(1, link(1, 3, 0) + bytes(range(16))))]
    yield "ingress4", [record(frame(99, b"from a client" * 20, 5000))]
    yield "ingress_other_worker", [record(frame(99, b"from a client" * 20, 5000), 0x01)]
    yield "arp", [record(bytes.fromhex("ffffffffffff0200000000010806") + bytes(28), 0x02)]
    yield "icmp", [record(frame(1, bytes(32), protocol=1))]
    yield "icmp6", [record(frame(2, bytes(32), protocol=58))]
    order = [0, 2, 1, 1, 5, 3, 30, 4, 31]
    yield "reorder", [record(data(1, i, here, 3, n), 0x20 * (i % 4 == 3))
                      for i, n in enumerate(order)]
    yield "duplicates", [record(data(1, i // 2, here, 2, i // 3)) for i in range(9)]
    yield "epochs", [record(data(1, i, here, 2, i, epoch=e))
                     for i, e in enumerate([5, 5, 6, 5, 7, 65000])]
    yield "other_queue", [record(data(1, i, fan, 3, i), i % 2) for i in range(6)]
    yield "marked_good", [record(data(2, 0, pathlet(NODE, leaf[4])), 0x08)]
    yield "marked_bad", [record(data(2, 0, pathlet(NODE, leaf[4])), 0x10)]
    # Of two empty source packets with the same stamp, once and twice: three times their symbol.
    symbol = struct.pack("!HBBI", 0, 0, 0, 777)
    thrice = bytes(x ^ x << 1 for x in symbol)
    for name, number, window in (("block", 5, 0), ("window", 6, 1)):
        yield f"coded_{name}", [
            record(coded(1, 0, here, number, 40, bytes((window, 2, 0, 0)), b"")),
            record(coded(1, 1, here, number, 40, bytes((0x20 | window, 2, 0, 0, 1, 2)),
                         thrice)),
            record(coded(1, 2, here, number, 40, bytes((0x10 | window, 2, 0, 1)), bytes(20))),
            record(coded(2, 0, fan, number, 42, bytes((window, 1, 0, 0)), b"next")),
            record(coded(1, 3, here, number, 44, bytes((0x10 | window, 4, 0, 9)), bytes(99)), 0x04)]
    yield "coded_final", [
        record(coded(1, 0, here, 5, 8, bytes((2, 1, 0, 0)), b"alone")),
        record(coded(1, 1, here, 5, 8, bytes((0x12, 1, 0, 5)), bytes(13))),
        record(coded(1, 2, here, 5, 8, bytes((0x10, 1, 0, 5)), bytes(13)))]
    yield "decoded", [record(frame(1, link(1, 4, 0) + struct.pack("!IIIHH", 1, 5, 40, 1, 0)))]
    yield "long", [record(data(1, 0, pathlet(NODE, leaf[2])) + bytes(1350))]


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} DIRECTORY")
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, records in seeds():
        with open(os.path.join(sys.argv[1], name), "wb") as file:
            file.write(b"".join(records))


main()
