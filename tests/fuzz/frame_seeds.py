#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seed corpus of fuzz_frame: valid frames of every kind that its node knows, and some
that belong together. Lengths and checksums are left to the target, which makes them right."""
import os
import struct
import sys

NODE, EPOCH = 7, 100
NOW = 1000000  # UTC of an input's first record, microseconds
TFRC, PROBED, TAGGED = 8, 9, 10  # and TAGGED + 1

# As fuzz_frame.c has them.
QUEUE, AS_IS, SPLIT, LATER, NOSUM, MORE = 0x01, 0x02, 0x04, 0x20, 0x40, 0x80
FULL, STRIPPED, ANSWER, INSTALLED, ON_TAGGED = 0x800, 0x1000, 0x2000, 0x4000, 0x8000
FAST = NOSUM | MORE


def addresses(peer):
    node = 70 if peer in (TAGGED, TAGGED + 1) else NODE
    if peer % 2:
        return 4, bytes([10, 0, 0, peer]), bytes([10, 0, 0, node])
    return 6, bytes([0xFD] + [0] * 14 + [peer]), bytes([0xFD] + [0] * 14 + [node])


def frame(peer, body, port=13779, protocol=17, tag=b""):
    family, source, destination = addresses(peer)
    udp = struct.pack("!HHHH", 13779, port, 0, 0) + body
    if family == 4:
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 0, 0, 0x4000, 64, protocol, 0)
    else:
        ip = struct.pack("!IHBB", 6 << 28, 0, protocol, 64)
    ether = bytes.fromhex("020000000007 0200000000") + bytes([peer])
    ether += tag + struct.pack("!H", 0x0800 if family == 4 else 0x86DD)
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


def data(peer, sequence, tree, number=1, packet=0, tag=b"", **more):
    body = link(peer, 0, sequence) + tree + session(number, packet, **more) + b"payload %d" % packet
    return frame(peer, body, tag=tag)


def feedback(peer, sequence, stamp, highest, rate=100000, loss=0, delay=0):
    return frame(peer, link(peer, 1, sequence) + struct.pack(
        "!IIIHHQQ", stamp, delay, loss, EPOCH, 0, highest, rate))


def decoded(peer, sequence, first, number=2):
    return frame(peer, link(peer, 4, sequence) + struct.pack("!IIIHH", 2, number, first, 2, 0))


def record(content, what=0, more=0):
    return struct.pack("!BH", what, len(content) | more) + content


def bursts(here, leaf, fan):
    """Several frames a turn, most without a UDP checksum: what the fast paths take."""
    way = [pathlet(NODE, leaf[n]) for n in range(6)]
    yield "fast_deliver", [record(data(1, i, here, 2, i), FAST) for i in range(12)]
    yield "fast_forward", [record(data(1, i, way[3], 4, i), FAST) for i in range(9)]
    yield "fast_unresolved", [record(data(1, i, way[5], 4, i), FAST) for i in range(4)]
    yield "fast_other_worker", [record(data(3, i, way[n], 4, i), FAST | QUEUE * (i > 3))
                                for i, n in enumerate([1, 2, 4, 1, 1, 2])]
    yield "fast_turns", [record(data(1, i, way[3], 4, i), NOSUM) for i in range(4)]
    yield "fast6", [record(data(2, i, way[4], 4, i), MORE) for i in range(6)]
    yield "fast_mixed", [record(data(1 + i % 3, i // 3, tree, number, i), FAST)
                         for i, (tree, number) in enumerate([(here, 1), (way[3], 4), (fan, 2)] * 4)]
    yield "fast_full", [record(data(1, i, tree, 2, i), FAST, FULL)
                        for i, tree in enumerate([way[3], here, fan, way[1]] * 3)]
    yield "fast_gap", [record(data(1, n, tree, 2, n), FAST) for n, tree in
                       ((0, here), (1, way[3]), (3, here), (4, fan), (2, way[3]), (5, here))]
    yield "fast_split", [record(data(1, i, here, 2, i), FAST | SPLIT * (i == 3)) for i in range(6)]
    yield "fast_sessions", [record(data(1, i, here, (1, 2, 3, 9)[i % 4], i // 4), FAST)
                            for i in range(16)]
    yield "fast_coded", [record(coded(1, i, here, 5, 8 * (i // 8), bytes((0, 8, i % 8, 0)), b"c"),
                                FAST) for i in range(14)]
    yield "fast_window", [record(coded(1, i, here, 6, i, bytes((1, 1, 0, 0)), b"w"), FAST)
                          for i in range(8)]
    yield "fast_ingress", [record(frame(99, b"client %d" % i, 5000 + i % 2), FAST)
                           for i in range(6)]
    yield "installed", [record(data(1, i, way[3], 4, i), FAST, INSTALLED) for i in range(5)]
    yield "not_installed", [record(data(1, i, way[3], 4 + i % 2 * 40, i), FAST, INSTALLED)
                            for i in range(6)]
    yield "not_installed_fan", [record(data(1, i, fan, 40 - i % 2 * 36, i), MORE, INSTALLED)
                                for i in range(4)]


def rates(here):
    """Neighbours whose rate is controlled, one that is probed, and a source that wants to hear."""
    to = [pathlet(NODE, pathlet(n, destination=True)) for n in range(PROBED + 1)]
    for name, peer in (("tfrc", TFRC), ("tfrc_sp", PROBED)):
        sent = [record(data(1, i, to[peer], 4, i), LATER * (i == 3)) for i in range(4)]
        yield name, sent + [
            record(feedback(peer, 0, NOW, 0), LATER),
            record(feedback(peer, 1, NOW, 0, loss=1 << 24), LATER),
            record(data(1, 4, to[peer], 4, 4), LATER),
            record(feedback(peer, 2, NOW + 3000, 1, rate=1 << 40, loss=2**32 - 1, delay=9), LATER),
            record(feedback(peer, 3, NOW, 1, rate=0), LATER | QUEUE)]
        yield name + "_burst", sent + [
            record(feedback(peer, i, NOW + i, 0, rate=1 << 4 * i, loss=i), MORE) for i in range(12)]
        yield name + "_refused", sent[:1] + [
            record(feedback(peer, 0, NOW - 1, 1), LATER),
            record(feedback(peer, 1, (NOW - 60000001) % 2**32, 0)),
            record(feedback(peer, 2, NOW, 0, delay=0x7fffffff)),
            record(feedback(peer, 3, NOW, 0, rate=(1 << 64) - 1))]
        yield name + "_waiting", [record(data(1, i, to[peer], i % 2 * 4, i), FAST)
                                  for i in range(24)]
        yield name + "_full", [record(data(1, i, to[peer], 4, i), FAST * (i != 5), FULL)
                               for i in range(6)] + [
            record(feedback(peer, i, NOW, 0), LATER, FULL) for i in range(3)]
    yield "tfrc_received", [record(data(TFRC, i + i // 4, here, 2, i), LATER) for i in range(8)]
    answer = frame(PROBED, link(PROBED, 3, 0) + bytes(16))
    ping = record(data(1, 0, to[PROBED], 4), LATER)
    yield "answered", [ping, record(answer, LATER, ANSWER), record(answer, 0, ANSWER)]
    yield "answered_late", [ping] + 5 * [record(answer, LATER | QUEUE)] + [
        record(answer, LATER, ANSWER)]
    client = [record(frame(99, b"to be coded %d" % i, 5001), MORE * (i % 4 != 3)) for i in range(8)]
    yield "rateless", client + [record(decoded(1, 0, 0), LATER), record(decoded(1, 1, 0)),
                                record(decoded(2, 0, 4), QUEUE), record(decoded(1, 2, 4), LATER)]
    yield "rateless_full", [record(frame(99, b"coded %d" % i, 5001), MORE, FULL) for i in range(9)]
    yield "rateless_unknown", client + [record(decoded(1, 0, 3)), record(decoded(1, 1, 0, 1)),
                                        record(decoded(3, 0, 0), LATER)]


def tags(here, fan):
    """The port that is tagged and sends no chains."""
    tag = bytes.fromhex("81000005")
    yield "tagged4", [record(data(TAGGED + 1, i, here, 7, i, tag), FAST, ON_TAGGED)
                      for i in range(4)]
    yield "tagged6", [record(data(TAGGED, i, here, 7, i, tag), MORE, ON_TAGGED) for i in range(4)]
    yield "tag_taken", [record(data(TAGGED + 1, i, here, 7, i), FAST, ON_TAGGED | STRIPPED)
                        for i in range(4)]
    yield "tag_other", [record(data(TAGGED + 1, 0, here, 7, 0, bytes.fromhex("81000006")), 0,
                               ON_TAGGED), record(data(TAGGED + 1, 0, here, 7, 0), 0, ON_TAGGED)]
    yield "tagged_fan", [record(data(TAGGED + 1, i, fan, 4, i, tag), MORE, ON_TAGGED)
                         for i in range(4)]
    out = [pathlet(TAGGED + n, destination=True) for n in range(2)]
    yield "to_tagged", [record(data(1, i, pathlet(NODE, *out[:1 + i % 2]), 4, i), FAST)
                        for i in range(6)]
    yield "long_to_tagged", [record(data(1, 0, pathlet(NODE, *out), 4) + bytes(1300), SPLIT)]


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
    yield "marked_none", [record(data(2 + i % 2, i // 2, pathlet(NODE, leaf[4]), 4, i), 0x18)
                          for i in range(6)]
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
    yield from bursts(here, leaf, fan)
    yield from rates(here)
    yield from tags(here, fan)


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} DIRECTORY")
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, records in seeds():
        with open(os.path.join(sys.argv[1], name), "wb") as file:
            file.write(b"".join(records))


main()
