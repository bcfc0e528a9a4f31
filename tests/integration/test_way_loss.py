# SPDX-License-Identifier: BSD-3-Clause
"""Adaptive repair where the second hop loses: a root tells the source of it, and what remains lost
is what was asked for, also where the relay between recodes. Without a root the source knows its
own link, which loses nothing."""

import time

import pytest
from harness.deploy import Deployment
from harness.node import until
from harness.tree import Tree

LOSS, TARGET = 0.1, 0.005
RATE = 4_000_000  # bit/s of payload: 1000 packets of 500 bytes a second
CODING = {"k": 16, "repair": "adaptive", "residual": f"{TARGET:.1%}", "close": "100ms",
          "deadline": "2s"}
IMPAIR = {"loss": f"{LOSS:.0%}", "seed": 5}
JUDGED = 6000  # packets


def line(net, places, recode):
    """1, 2, 3 in a row; what 3 receives from 2 has a bad line before it."""
    first, relay, last = places
    net.wire(first, relay)
    net.wire(relay, last, impair=IMPAIR)
    for place in places:
        for peer in place.peers:
            peer["pacing"] = "none"
    relays = {"relays": [{"node": 2, "recode": recode}]} if recode else {}
    net.session(1, source=1, destinations=[3], flows=["2 > 3"], rate=RATE,
                coding={**CODING, **relays},
                ingress={"generator": {"kind": "constant", "size": 500}})
    net.nodes = net.start()


def coding(net):
    return net.nodes[1].source(1, 1)["coding"]


def lost_share(net):
    """Of so many packets from now on."""
    def counts():
        got = net.nodes[3].destination(1, 1)
        return got["packets"], got["lost"]

    until(lambda: counts()[0] > 0, 20, "something comes")
    delivered, lost = counts()
    until(lambda: counts()[0] >= delivered + JUDGED, 60, "enough comes")
    more = counts()
    return (more[1] - lost) / (more[0] - delivered + more[1] - lost)


def wait_links(net):
    """The first link loses nothing; probes of before it was up are forgotten after a while."""
    until(lambda: (coding(net)["links_loss"] or 1) < LOSS / 3, 40,
          lambda: f"the source's own link is good: {coding(net)}", pause=0.2)


@pytest.mark.parametrize("recode", [None, "always"])
def test_with_a_root(stage, recode):
    net = Tree(stage)
    places = [net.place(1, "root"), net.place(2, "relay", 1), net.place(3, "leaf", 2)]
    line(net, places, recode)
    net.wait_sessions()
    # Smoothed, and of some hundred packets.
    until(lambda: LOSS * 0.7 < (coding(net)["way_loss"] or 0) < LOSS * 1.5, 40,
          lambda: f"the source is told: {coding(net)}", pause=0.2)
    wait_links(net)
    shown = coding(net)
    if recode:
        until(lambda: coding(net)["way_regained"] > LOSS / 2, 40,
              lambda: f"that the relay recodes: {coding(net)}", pause=0.2)
    else:
        assert shown["way_regained"] == 0 and shown["repairs_now"] >= 3
    # A machine that is busy with other things loses packets too.
    until(lambda: lost_share(net) < 2 * TARGET, 60, lambda: f"the target is met: {coding(net)}")
    assert "WAY LOSES" in net.nodes[1].ferryctl("show", "sessions").stdout
    if not recode:
        is_forgotten(net)


def is_forgotten(net):
    """30 seconds after the root last told, which it does each 10 at least."""
    net.root.kill()
    began = time.monotonic()
    until(lambda: coding(net)["way_loss"] is None, 60, lambda: f"it is too old: {coding(net)}", pause=0.2)
    assert time.monotonic() - began > 15
    assert coding(net)["way_regained"] is None and coding(net)["links_loss"] < LOSS / 3


def test_without(stage):
    net = Deployment(stage)
    line(net, [net.node(number) for number in (1, 2, 3)], None)
    wait_links(net)
    assert lost_share(net) > LOSS / 3
    shown = coding(net)
    assert shown["way_loss"] is None and shown["way_regained"] is None
    assert shown["links_loss"] < LOSS / 3 and shown["repairs_now"] < 3
