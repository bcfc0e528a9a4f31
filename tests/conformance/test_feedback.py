# SPDX-License-Identifier: BSD-3-Clause
"""FEEDBACK that the node sends: to whom, when, and what it says (RFC 5348, 3.2.2; RFC 3168)."""

import time

import ferry_scapy as fs
import pytest
from bench import CONF, NODE, SINK, add
from expect import arrival, delivery, nothing_else, take_link_frame

ECT0, ECT1, CE = 2, 1, 3
RTT_US = 1000  # what peers say in their link headers
PAUSE = 0.05   # long enough for the node's feedback timer to have nothing to report


def begin_anew(peer):
    """A new epoch: the node forgets what it knew of the link, and whether it reports."""
    peer.epoch = (peer.epoch + 1) & 0xFFFF
    peer.next_seq = 1000


def send(bench, peer, ecn, payload=b"reported", **link):
    """DATA with these ECN bits; returns it and the counters that it moves."""
    datagram = peer.data(f"{NODE}", bench.session(SINK), payload, **link)
    peer.end.send(peer.frame(datagram, ip={"tc" if peer.v6 else "tos": ecn}))
    return datagram, add(arrival(peer, datagram), delivery(SINK, payload))


def take_feedback(bench, peer, datagram, check):
    """The FEEDBACK that follows a datagram."""
    def body(came):
        assert len(came) == 32
        feedback, sent = fs.FerryFeedback(came), fs.FerryLink(datagram)
        assert feedback.stamp_echo == sent.stamp
        assert feedback.delay < 100_000
        assert (feedback.epoch, feedback.reserved) == (peer.epoch, 0)
        assert feedback.seq_highest == sent.seq
        check(feedback)
        return came

    moved = take_link_frame(bench, peer.id, body, fs.FEEDBACK)
    return add(moved, {"node originated": 1})


def is_first(feedback):
    """6.3: no loss, and nothing to measure a rate of."""
    assert (feedback.loss_rate, feedback.rate) == (0, 0)


@pytest.fixture(name="quiet")
def fixture_quiet(known):
    """Afterwards no link reports any more."""
    used = []
    yield known, used
    for peer in used:
        known.mark()
        begin_anew(peer)
        _, moved = send(known, peer, 0)
        time.sleep(PAUSE)
        known.expect_moved(add(moved, {f"link {peer.id} epochs": 1}))
        nothing_else(known)


@pytest.mark.parametrize("number", [21, 22, 31, 41, 42])
def test_reported_at_once(quiet, number):
    """6.3, 6.1, 6.2: on the first DATA, and after a pause with the rate of one packet a round-trip
    time."""
    bench, used = quiet
    peer = bench.peers[number]
    used.append(peer)
    begin_anew(peer)
    datagram, moved = send(bench, peer, ECT0)
    bench.expect_moved(add(moved, take_feedback(bench, peer, datagram, is_first),
                           {f"link {number} epochs": 1}))
    for _ in range(2):
        time.sleep(PAUSE)
        bench.mark()
        datagram, moved = send(bench, peer, ECT0)
        wanted = len(datagram) * 1_000_000 // RTT_US

        def check(feedback):
            assert (feedback.loss_rate, feedback.rate) == (0, wanted)

        bench.expect_moved(add(moved, take_feedback(bench, peer, datagram, check)))
    nothing_else(bench)


@pytest.mark.parametrize("number", [21, 31])
def test_mark_is_a_loss_event_not_a_loss(quiet, number):
    """5.1, 5.3: CE begins a loss event at once; no table has a lost packet."""
    bench, used = quiet
    peer = bench.peers[number]
    used.append(peer)
    begin_anew(peer)
    datagram, moved = send(bench, peer, ECT0)
    bench.expect_moved(add(moved, take_feedback(bench, peer, datagram, is_first),
                           {f"link {number} epochs": 1}))
    time.sleep(PAUSE)
    bench.mark()
    datagram, moved = send(bench, peer, CE)

    def check(feedback):
        assert feedback.loss_rate > 0

    bench.expect_moved(add(moved, take_feedback(bench, peer, datagram, check)))
    row = bench.node.link(number)
    assert row["rx_loss_events"] == 1 and row["rx_loss_event_rate"] > 0
    nothing_else(bench)


@pytest.mark.parametrize("ecn", [ECT1, CE])
def test_other_ecn_fields_ask_for_reports_too(quiet, ecn):
    """A sender that is ECN-capable in whatever way listens to reports."""
    bench, used = quiet
    peer = bench.peers[21]
    used.append(peer)
    begin_anew(peer)
    datagram, moved = send(bench, peer, ecn)

    def check(feedback):
        assert feedback.rate == 0 and (feedback.loss_rate > 0) == (ecn == CE)

    bench.expect_moved(add(moved, take_feedback(bench, peer, datagram, check),
                           {"link 21 epochs": 1}))
    nothing_else(bench)


def test_not_reported(known):
    """The node's own links are not paced here, and this DATA is not ECN-capable."""
    peer = known.peers[21]
    moved = [send(known, peer, 0)[1] for _ in range(10)]
    time.sleep(PAUSE)
    known.expect_moved(add(*moved))
    nothing_else(known)


def test_loss_is_reported(quiet):
    """5.1: three packets behind a gap make it a loss, which is told at once; 5.3: one event of two
    lost packets."""
    bench, used = quiet
    peer = bench.peers[22]
    used.append(peer)
    begin_anew(peer)
    datagram, moved = send(bench, peer, ECT0, rtt=60_000_000)
    moved = add(moved, take_feedback(bench, peer, datagram, is_first), {"link 22 epochs": 1})
    peer.next_seq += 2
    for _ in range(3):
        datagram, more = send(bench, peer, ECT0, rtt=60_000_000)
        moved = add(moved, more)

    def check(feedback):
        # The open interval has five packets (5.3): more than the 4.87 for half a packet a
        # round-trip time, with which the history begins (6.3.1).
        assert feedback.loss_rate == 2 ** 32 // 5

    bench.expect_moved(add(moved, take_feedback(bench, peer, datagram, check), {"link 22 rx_lost": 2}))
    assert bench.node.link(22)["rx_loss_events"] == 1
    nothing_else(bench)
    assert bench.node.destination(CONF, SINK)["packets"] > 0
