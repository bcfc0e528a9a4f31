# SPDX-License-Identifier: BSD-3-Clause
"""The link to a neighbour: epochs, sequences, PROBE and FEEDBACK."""

import time

import ferry_scapy as fs
import pytest
from bench import CONF, ELSEWHERE, NODE, SINK, add
from expect import arrival, delivery, nothing_else, relay_one, take_link_frame

NEIGHBOURS = [21, 22, 31, 41, 42, 51, 61, 81]


@pytest.mark.parametrize("sender", NEIGHBOURS)
@pytest.mark.parametrize("cookie", [bytes(16), bytes(range(16)), b"\xff" * 16], ids=bytes.hex)
def test_probe_is_answered(known, sender, cookie):
    """At once, on the same link, with the same bytes, and a sequence of its own kind."""
    peer = known.peers[sender]
    peer.end.send(peer.frame(bytes(peer.link(fs.PROBE)) + cookie))
    moved = take_link_frame(known, sender, cookie, fs.PROBE_REPLY)
    known.expect_moved(add(moved, {"node received": 1, f"link {sender} rx_control": 1}))
    nothing_else(known)


def test_sequences_of_probes_are_not_judged(known):
    peer = known.peers[21]
    moved = []
    for seq in (7, 7, 3, 1 << 63):
        peer.end.send(peer.frame(bytes(peer.link(fs.PROBE, seq=seq)) + bytes(16)))
        moved += [take_link_frame(known, 21, bytes(16), fs.PROBE_REPLY),
                  {"node received": 1, "link 21 rx_control": 1}]
    known.expect_moved(add(*moved, relay_one(known)))
    nothing_else(known)


@pytest.mark.parametrize("sender", NEIGHBOURS)
@pytest.mark.parametrize("more", [b"", b"later versions say more"])
def test_feedback_is_counted(known, sender, more):
    peer = known.peers[sender]
    body = bytes(fs.FerryFeedback(
        stamp_echo=1, delay=2, loss_rate=0xFFFFFFFF, epoch=known.epoch, reserved=0xFFFF,
        seq_highest=(1 << 64) - 1, rate=(1 << 64) - 1)) + more
    peer.end.send(peer.frame(bytes(peer.link(fs.FEEDBACK)) + body))
    known.expect_moved({"node received": 1, "node consumed": 1, f"link {sender} rx_control": 1})
    nothing_else(known)


def send_data(bench, peer, **link):
    datagram = peer.data(f"{NODE}", bench.session(SINK), b"data", **link)
    peer.end.send(peer.frame(datagram))
    return add(arrival(peer, datagram), delivery(SINK, b"data"))


def test_late_within_the_window(known):
    """1024 sequences in blocks of 64: reordered ones are taken, each once, gaps are the loss."""
    peer = known.peers[22]
    base = (peer.next_seq // 64 + 2) * 64
    gap = base - peer.next_seq
    peer.next_seq = base + 1024
    moved = [send_data(known, peer, seq=seq)
             for seq in (base, base + 512, base + 15 * 64 + 63, base + 5, base + 15 * 64)]
    known.expect_moved(add(*moved, {"link 22 rx_reordered": 2, "link 22 rx_lost": gap + 1024 - 5}))


def test_newer_epoch_forgets_sequences(known):
    """The neighbour started anew: its sequences start anew too."""
    peer = known.peers[32]
    moved = []
    for _ in range(3):
        peer.epoch = (peer.epoch + 1) & 0xFFFF
        peer.next_seq = 0
        moved += [send_data(known, peer), send_data(known, peer), {"link 32 epochs": 1}]
    known.expect_moved(add(*moved))


def test_epoch_of_another_type_counts_too(known):
    """A PROBE in a newer epoch begins it; DATA of the old one is then stale."""
    peer = known.peers[32]
    old, peer.epoch = peer.epoch, (peer.epoch + 1) & 0xFFFF
    peer.end.send(peer.frame(bytes(peer.link(fs.PROBE)) + bytes(16)))
    moved = take_link_frame(known, 32, bytes(16), fs.PROBE_REPLY)
    datagram = peer.data(f"{NODE}", known.session(ELSEWHERE), epoch=old)
    peer.end.send(peer.frame(datagram))
    peer.next_seq = 0
    known.expect_moved(add(moved, relay_one(known, 32), {
        "node received": 2, "link 32 rx_control": 1, "link 32 epochs": 1, "node dropped": 1,
        "drop link_stale_epoch": 1}))


def test_any_epoch_after_silence(known):
    """A clock was set back: after 2 s without a datagram the link takes any epoch, and a session
    any of its source's."""
    peer = known.peers[42]
    source = known.source(SINK)
    known.expect_moved(send_data(known, peer))
    known.mark()
    peer.epoch = (peer.epoch - 3600) & 0xFFFF
    source.epoch = (source.epoch - 3600) & 0xFFFF
    source.next_seq, source.next_flow_seq = 5, 5
    peer.next_seq = 17
    time.sleep(2.1)
    moved = [send_data(known, peer), send_data(known, peer)]
    known.expect_moved(add(*moved, {"link 42 epochs": 1, f"session {SINK} epochs": 1}))
    assert known.node.destination(CONF, SINK)["epochs"] >= 2


def refuse(bench, peer, seq, reason):
    """DATA that the link drops."""
    peer.end.send(peer.frame(peer.data(f"{NODE}", bench.session(SINK, seq=0, flow_seq=0), seq=seq)))
    return {"node received": 1, "node dropped": 1, f"drop link_{reason}": 1}


# Where the second of two far ahead is taken, as an offset from the first; and where not.
@pytest.mark.parametrize("step,continues", [
    (-1, True), (-1024, True), (1, True), ((1 << 20) - 1, True),
    (0, False), (-1025, False), (1 << 20, False)])
def test_far_ahead_until_another_continues_from_it(known, step, continues):
    """A real jump costs one packet; what continues from nothing is not taken, and is remembered."""
    peer = known.peers[22]
    moved = [send_data(known, peer)]  # nothing is remembered
    far = peer.next_seq + 960 + 1 + 2000
    moved += [refuse(known, peer, far, "far_ahead")]
    second = far + step
    if not continues:
        moved += [refuse(known, peer, second, "far_ahead")]
        far, second = second, second + 1
    moved += [send_data(known, peer, seq=second)]
    known.expect_moved(add(*moved, {"link 22 rx_lost": second - peer.next_seq}))
    peer.next_seq = second + 1
    nothing_else(known)


def test_far_ahead_is_forgotten_when_the_sequence_goes_on(known):
    peer = known.peers[22]
    moved = [send_data(known, peer)]
    far = peer.next_seq + 5000
    moved += [refuse(known, peer, far, "far_ahead"), send_data(known, peer),
             refuse(known, peer, far + 1, "far_ahead"), send_data(known, peer)]
    known.expect_moved(add(*moved))


def test_few_of_many_cost_one_packet(known):
    """What is taken far above the one that was remembered is remembered itself."""
    peer = known.peers[22]
    moved = [send_data(known, peer)]
    at = peer.next_seq + 5000
    moved += [refuse(known, peer, at, "far_ahead")]
    for _ in range(4):
        at += 5000
        moved += [send_data(known, peer, seq=at)]
    known.expect_moved(add(*moved, {"link 22 rx_lost": at - peer.next_seq - 3}))
    peer.next_seq = at + 1


def test_counted_anew_in_the_same_epoch(known):
    """8 that are too old, 100 ms or more from the first to the last, and none above the highest
    between them: the last begins the window anew."""
    peer = known.peers[22]
    moved = []
    for seq in range(7):
        moved += [refuse(known, peer, seq, "too_old")]
    moved += [send_data(known, peer)]  # above the highest: counted from the beginning
    for seq in range(7, 14):
        moved += [refuse(known, peer, seq, "too_old")]
        moved += [refuse(known, peer, seq, "too_old")]  # the same once more does not count
    time.sleep(0.11)
    peer.next_seq = 14
    known.expect_moved(add(*moved, send_data(known, peer), send_data(known, peer), {"link 22 epochs": 1}))
    nothing_else(known)
