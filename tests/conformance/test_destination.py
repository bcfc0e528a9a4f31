# SPDX-License-Identifier: BSD-3-Clause
"""The node as a destination: what a client gets, byte for byte, and what is counted."""

import time

import ferry_routes
import ferry_scapy as fs
import pytest
from bench import (CLIENTS, CODED_BLOCK, CODED_WINDOW, EGRESS4, EGRESS6, EGRESS_PORT, EGRESS_VLAN, MS_HELD,
                   NODE, ORDERED, SINK, WINDOW, add)
from expect import arrival, delivery, nothing_else, take_copies, take_egress
from wire_generation import multiply

from harness.node import PATIENCE, until

CLIENT = {EGRESS4: "v4", EGRESS6: "v6", EGRESS_VLAN: "vlan"}


def payload_of(size):
    return bytes((i * 11 + size) & 0xFF for i in range(size))


def build(bench, number, payload, sender=21, path=f"{NODE}", udp=None, **fields):
    """A packet of a session to the node: (its frame, session header, counters of its arrival)."""
    peer = bench.peers[sender]
    session = bench.session(number, **fields)
    datagram = peer.data(path, session, payload)
    return peer.frame(datagram, udp=udp), session, arrival(peer, datagram)


def send(bench, number, payload, sender=21, **fields):
    """Sends it; returns (session header, counters of its arrival)."""
    frame, session, came = build(bench, number, payload, sender, **fields)
    bench.peers[sender].end.send(frame)
    return session, came


@pytest.mark.parametrize("size", [0, 1, 100, 1201, 1418])
@pytest.mark.parametrize("sender", [21, 31, 41])
@pytest.mark.parametrize("number", CLIENT)
def test_egress(known, number, sender, size):
    payload = payload_of(size - (20 + 20 if sender == 31 and size > 1400 else 0))
    _, moved = send(known, number, payload, sender)
    known.expect_moved(add(moved, take_egress(known, CLIENT[number], number, payload)))
    nothing_else(known)


@pytest.mark.parametrize("number", CLIENT)
def test_egress_of_what_came_with_a_checksum(known, number):
    payload = payload_of(333)
    _, moved = send(known, number, payload, udp={"chksum": None})
    known.expect_moved(add(moved, take_egress(known, CLIENT[number], number, payload)))
    nothing_else(known)


def test_sink(known):
    payload = payload_of(1000)
    _, moved = send(known, SINK, payload)
    known.expect_moved(add(moved, delivery(SINK, payload)))
    nothing_else(known)


@pytest.mark.parametrize("number", CLIENT)
def test_destination_that_relays(known, number):
    """`10* > (22, 31)`: the client gets its copy, the neighbours theirs."""
    payload = payload_of(700)
    session, moved = send(known, number, payload, path=f"{NODE}* > (22, 31)")
    known.expect_moved(add(
        moved, take_egress(known, CLIENT[number], number, payload),
        take_copies(known, ferry_routes.tree("(22, 31)"), session, payload), {"node copies": 2}))
    nothing_else(known)


def test_redundant_paths(known):
    """The same packet by two neighbours: delivered once, the other one counted."""
    payload = payload_of(400)
    session, moved = send(known, EGRESS4, payload, sender=21)
    again = known.peers[22]
    datagram = again.data(f"{NODE}", session, payload)
    again.end.send(again.frame(datagram))
    known.expect_moved(add(
        moved, arrival(again, datagram), take_egress(known, "v4", EGRESS4, payload),
        {"node dropped": 1, "drop session_duplicate": 1, f"session {EGRESS4} duplicates": 1}))
    nothing_else(known)


def test_flags_and_reserved_are_ignored(known):
    payload = payload_of(50)
    moved = []
    for flags in (0x02, 0x04, 0x08, 0xFE):
        _, came = send(known, EGRESS4, payload, flags=flags, reserved=0xFFFF)
        moved += [came, take_egress(known, "v4", EGRESS4, payload)]
    known.expect_moved(add(*moved))
    nothing_else(known)


def test_late_within_the_window(known):
    """Reordered on the way, no order asked for: delivered as it comes, each once."""
    source = known.source(SINK)
    base = (source.next_seq // WINDOW + 1) * WINDOW
    gap, source.next_seq = base - source.next_seq, base + WINDOW
    moved = []
    order = [base, base + WINDOW - 1, base + 10, base + 29, base + 1]
    for seq in order:
        payload = seq.to_bytes(4, "big")
        _, came = send(known, SINK, payload, seq=seq)
        moved += [came, delivery(SINK, payload)]
    known.expect_moved(add(*moved, {
        f"session {SINK} lost": gap + WINDOW - len(order), f"session {SINK} reordered": 3}))


def test_loss_by_flow(known):
    """Gaps in the session's sequence are its loss, gaps in a flow's that flow's."""
    source = known.source(SINK)
    base, flow = source.next_seq, source.next_flow_seq
    source.next_seq, source.next_flow_seq = base + 11, flow + 4
    moved = []
    for seq, flow_seq in ((base, flow), (base + 10, flow + 3)):
        _, came = send(known, SINK, b"x", seq=seq, flow_seq=flow_seq)
        moved += [came, delivery(SINK, b"x")]
    known.expect_moved(add(
        *moved, {f"session {SINK} lost": 9, f"flow {SINK}/0 lost": 2}))


def test_sequence_wraps(known):
    """RFC 1982: 0 follows 4294967295. In an epoch of its own."""
    known.source(EGRESS4).restart()
    moved = [{f"session {EGRESS4} epochs": 1}]
    for seq in (0xFFFFFFFE, 0xFFFFFFFF, 0, 1):
        payload = seq.to_bytes(4, "big")
        _, came = send(known, EGRESS4, payload, seq=seq)
        known.source(EGRESS4).next_seq = seq + 1
        moved += [came, take_egress(known, "v4", EGRESS4, payload)]
    known.expect_moved(add(*moved))
    nothing_else(known)


def test_newer_source_epoch_empties_the_window(known):
    """The source starts anew: sequences that were delivered are delivered again."""
    payload = payload_of(64)
    moved = []
    for _ in range(3):
        known.source(EGRESS4).restart()
        for _ in range(2):
            _, came = send(known, EGRESS4, payload)
            moved += [came, take_egress(known, "v4", EGRESS4, payload)]
    known.expect_moved(add(*moved, {f"session {EGRESS4} epochs": 3}))
    nothing_else(known)


def test_order_is_restored(known):
    """A session that asks for it: what came early waits for what is late."""
    known.source(ORDERED).restart(seq=7)
    order = [0, 3, 2, 1, 4, 6, 5]
    # To build one takes long, beside the time that packets are waited for.
    built = [build(known, ORDERED, bytes([seq]), seq=seq) for seq in order]
    for frame, _, _ in built:
        known.peers[21].end.send(frame)
    moved = [came for _, _, came in built]
    for seq in range(7):
        moved.append(take_egress(known, "v4", ORDERED, bytes([seq]), EGRESS_PORT + 1))
    known.expect_moved(add(*moved, {f"session {ORDERED} epochs": 1,
                                    f"session {ORDERED} reordered": 3}))
    nothing_else(known)


def test_order_waits_no_longer_than_it_may(known):
    """A packet that does not come: after the time that is configured, not earlier, the rest goes on."""
    port = CLIENTS["v4"][0]
    end, client = known.ends[port], bytes.fromhex(known.client_macs["v4"].replace(":", ""))
    known.source(ORDERED).restart(seq=4)
    order = [0, 2, 3]
    built = [build(known, ORDERED, bytes([seq]), seq=seq) for seq in order]
    sent = []
    for frame, _, _ in built:
        sent.append(time.monotonic())
        known.peers[21].end.send(frame)

    def arrivals():
        return [frame.came for frame in list(end.frames) if frame[:6] == client]

    until(lambda: len(arrivals()) == len(order), 3, lambda: f"{len(arrivals())} of {len(order)} came")
    held = [1000 * (came - began) for came, began in zip(arrivals(), sent)]
    moved = [came for _, _, came in built]
    for seq in order:
        moved.append(take_egress(known, "v4", ORDERED, bytes([seq]), EGRESS_PORT + 1))
    known.expect_moved(add(*moved, {f"session {ORDERED} epochs": 1, f"session {ORDERED} lost": 1}))
    nothing_else(known)
    # The node's timers go by turns of much less than a millisecond.
    assert MS_HELD - 1 < held[1] < MS_HELD + 500 * PATIENCE, held


def test_a_window_of_the_size_that_is_configured(known):
    """Of the window's blocks of 64 there is one: older than that is too old (counted so)."""
    known.source(SINK).restart(seq=64 * 1001)
    moved = []
    for seq in (64 * 1000, 64 * 1000 + 63, 64 * 1000 + 1):
        _, came = send(known, SINK, b"w", seq=seq)
        moved += [came, delivery(SINK, b"w")]
    _, came = send(known, SINK, b"w", seq=64 * 1000 - 1, flow_seq=0)
    known.expect_moved(add(*moved, came, {
        f"session {SINK} epochs": 1, f"session {SINK} lost": 61, f"session {SINK} reordered": 1,
        f"session {SINK} too_old": 1, "drop session_too_old": 1, "node dropped": 1}))
    assert WINDOW == 64


def refuse(bench, seq, reason):
    """A packet of the sink's session that is not delivered, and takes no sequence."""
    _, came = send(bench, SINK, b"f", seq=seq, flow_seq=bench.source(SINK).next_flow_seq)
    return add(came, {"node dropped": 1, f"drop session_{reason}": 1,
                      f"session {SINK} {reason}": reason == "too_old"})


@pytest.mark.parametrize("step,continues", [
    (-1, True), (-WINDOW, True), (1, True), ((1 << 20) - 1, True),
    (0, False), (-WINDOW - 1, False), (1 << 20, False)])
def test_far_ahead_until_another_continues_from_it(known, step, continues):
    """As on links, with the window for their 1024."""
    known.source(SINK).restart(seq=1000)
    _, came = send(known, SINK, b"w")
    moved = [came, delivery(SINK, b"w"), {f"session {SINK} epochs": 1}]
    far = 1000 + 3000
    moved.append(refuse(known, far, "far_ahead"))
    second = far + step
    if not continues:
        moved.append(refuse(known, second, "far_ahead"))
        second += 1
    _, came = send(known, SINK, b"w", seq=second)
    known.source(SINK).next_seq = second + 1
    known.expect_moved(add(*moved, came, delivery(SINK, b"w"),
                           {f"session {SINK} lost": second - 1000 - 1}))
    nothing_else(known)


def test_counted_anew_in_the_same_epoch(known):
    """As on links, but only when it took 2 s from the first that is too old to the last."""
    known.source(SINK).restart(seq=1 << 20)
    _, came = send(known, SINK, b"w")
    moved = [came, delivery(SINK, b"w"), {f"session {SINK} epochs": 2}]
    for seq in range(10):
        moved.append(refuse(known, seq, "too_old"))
    time.sleep(2.01)
    known.source(SINK).next_seq = 10
    for _ in range(2):
        _, came = send(known, SINK, b"w")
        moved += [came, delivery(SINK, b"w")]
    known.expect_moved(add(*moved))
    nothing_else(known)


def symbol(payload, stamp):
    return bytes(fs.FerrySymbol(length=len(payload), stamp=stamp)) + payload


def combination(coefficients, symbols):
    out = bytearray(max(map(len, symbols)))
    for c, data in zip(coefficients, symbols):
        for i, byte in enumerate(data):
            out[i] ^= multiply(c, byte)
    return bytes(out)


def shown(bench, number):
    """What ferryctl shows of the session's decoding."""
    rows = bench.node.show("sessions", "--all")
    return next(row for row in rows if row["session"] == number)["destination"]["coding"]


@pytest.mark.parametrize("kind", [fs.SEEDED, fs.RECODED])
def test_what_was_lost_is_computed(known, kind):
    """Three source packets of a generation; the second never comes."""
    source = known.source(CODED_BLOCK)
    first, payloads, moved = source.next_seq, [payload_of(n) for n in (300, 1201, 8)], []
    before = shown(known, CODED_BLOCK)
    source.next_seq += 3
    stamps = [1000000, 1000100, 1000200]
    for index in (0, 2):
        coding = fs.FerryCoding(n=8, index=index)
        _, came = send(known, CODED_BLOCK, bytes(coding) + payloads[index], flags=fs.CODED,
                       seq=first, stamp=stamps[index])
        moved += [came, take_egress(known, "v4", CODED_BLOCK, payloads[index])]
    coding = fs.FerryCoding(kind=kind, final=1, n=3)
    if kind == fs.RECODED:
        coding.coefficients = bytes((0, 77, 200))
    symbols = [symbol(p, s) for p, s in zip(payloads, stamps)]
    _, came = send(known, CODED_BLOCK, bytes(coding) + combination(coding.vector(), symbols),
                   flags=fs.CODED, seq=first, stamp=stamps[0])
    moved += [came, take_egress(known, "v4", CODED_BLOCK, payloads[1])]
    computed = {"node originated": 1, "node consumed": 1}
    if kind == fs.RECODED:  # says nothing of the flow's way
        computed[f"flow {CODED_BLOCK}/0 received"] = -1
        source.next_flow_seq -= 1
    known.expect_moved(add(*moved, computed))
    wanted = {"repairs": 1, "recovered": 1, "generations": 1}
    assert shown(known, CODED_BLOCK) == {k: v + wanted.get(k, 0) if isinstance(v, int) else v
                                         for k, v in before.items()}
    assert before["code"] == "block" and before["span"] == 8 and shown(known, SINK) is None
    nothing_else(known)


@pytest.mark.parametrize("head", [{"length": 9}, {"length": 8, "reserved": 1},
                                  {"length": 8, "flags": fs.CODED}])
def test_what_no_source_packet_can_be_is_not_delivered(known, head):
    """Two packets of a generation; the first never comes, and what it would be is impossible."""
    source = known.source(CODED_BLOCK)
    first, payloads = source.next_seq, [payload_of(8), payload_of(8)]
    source.next_seq += 2
    coding = fs.FerryCoding(n=8, index=1)
    _, came = send(known, CODED_BLOCK, bytes(coding) + payloads[1], flags=fs.CODED, seq=first, stamp=7)
    moved = [came, take_egress(known, "v4", CODED_BLOCK, payloads[1])]
    symbols = [bytes(fs.FerrySymbol(stamp=7, **head)) + payloads[0], symbol(payloads[1], 7)]
    coding = fs.FerryCoding(kind=fs.SEEDED, final=1, n=2)
    _, came = send(known, CODED_BLOCK, bytes(coding) + combination(coding.vector(), symbols),
                   flags=fs.CODED, seq=first, stamp=7)
    known.expect_moved(add(*moved, came, {"drop coding_symbol": 1, "node dropped": 1,
                                          f"flow {CODED_BLOCK}/0 received": 1,
                                          f"session {CODED_BLOCK} lost": 1}))
    nothing_else(known)


def test_window_computes_too(known):
    source = known.source(CODED_WINDOW)
    first, payloads, moved = source.next_seq, [payload_of(n) for n in (40, 50)], []
    source.next_seq += 2
    symbols = [symbol(p, 7) for p in payloads]
    coding = bytes(fs.FerryCoding(window=1, n=1))
    _, came = send(known, CODED_WINDOW, coding + payloads[1], flags=fs.CODED, seq=first + 1, stamp=7)
    moved += [came, delivery(CODED_WINDOW, payloads[1])]
    coding = fs.FerryCoding(window=1, kind=fs.SEEDED, n=2, seed=99)
    _, came = send(known, CODED_WINDOW, bytes(coding) + combination(coding.vector(), symbols),
                   flags=fs.CODED, seq=first, stamp=7)
    moved += [came, delivery(CODED_WINDOW, payloads[0])]
    known.expect_moved(add(*moved, {"node originated": 1, "node consumed": 1}))
    nothing_else(known)
