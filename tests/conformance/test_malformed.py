# SPDX-License-Identifier: BSD-3-Clause
"""Every input of the table (malformed.py) is counted under its own reason, by one; nothing else
moves, nothing is sent, and the node goes on to serve the next packet."""

import copy

import ferry_scapy as fs
import pytest
from bench import CODED_WINDOW, NODE, SINK, add
from expect import arrival, nothing_else, relay_one, udp_payload
from malformed import CASES

ROWS = [pytest.param(case, sender, id=f"{case.reason}-{case.name.replace(' ', '-')}-from-{sender}")
        for case in CASES for sender in case.senders]

# Reasons for which the link has accepted the datagram before it is refused (WIRE.md, section 11).
ACCEPTED = ("pathlet_", "session_", "coding_", "hop_", "mtu_")
NEIGHBOUR = {21: 22, 31: 22, 41: 21, 81: 21}


def set_up(bench, peer, case):
    """The link's epoch is current and its last sequence known; the session's too."""
    relay_one(bench, peer.id, NEIGHBOUR[peer.id])
    if case.reason.startswith("session_"):
        datagram = peer.data(f"{NODE}", bench.session(SINK), b"good")
        peer.end.send(peer.frame(datagram))
        relay_one(bench, peer.id, NEIGHBOUR[peer.id])
    if case.reason.startswith("coding_"):
        coding = bytes(fs.FerryCoding(window=1, n=1))
        session = bench.session(CODED_WINDOW, flags=fs.CODED)
        peer.end.send(peer.frame(peer.data(f"{NODE}", session, coding + b"good")))
        relay_one(bench, peer.id, NEIGHBOUR[peer.id])
    bench.mark()


@pytest.mark.parametrize("case,sender", ROWS)
def test_malformed(known, case, sender):
    peer = known.peers[sender]
    set_up(known, peer, case)
    sink, next_seq = copy.copy(known.source(SINK)), peer.next_seq
    made = case.make(known, peer)
    # Sequences that are refused are not taken: the next good packet leaves no gap.
    known.sources[SINK] = sink
    if not case.reason.startswith(ACCEPTED):
        peer.next_seq = next_seq
    port, frame = made if isinstance(made, tuple) else (peer.port, made)
    known.ends[port].send(frame)
    moved = {"node received": 1, "node dropped": 1, f"drop {case.reason}": 1}
    if case.reason.startswith(ACCEPTED):
        moved = add(moved, arrival(peer, udp_payload(frame)), {"node received": -1})
    if port != peer.port:
        # The good packet is to come behind the bad one, and that is by another port.
        known.expect_moved(add(moved, case.more(peer)))
    moved = add(moved, case.more(peer), relay_one(known, sender, NEIGHBOUR[sender]))
    known.expect_moved(moved)
    nothing_else(known)


def test_the_table_is_long_enough():
    assert len(CASES) >= 40
    assert len({case.name + case.reason for case in CASES}) == len(CASES)


def test_every_reason_that_a_datagram_can_cause_is_in_the_table(root):
    """Reasons of WIRE.md, section 11."""
    text = (root / "dataplane" / "wire" / "WIRE.md").read_text()
    section = text[text.index("## 11 "):text.index("## 12 ")]
    reasons = {word for row in section.splitlines() if row.startswith("|")
               for word in row.split("|")[3].replace("(that branch)", "").split() if "`" in word}
    assert {f"`{case.reason}`" for case in CASES} >= reasons
    assert len(reasons) >= 35
