#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Links by their probes: a neighbour that stands still is told of within a bounded time, and when it
is back; the round-trip time is known; who follows events and does not read holds up nobody."""

import json
import re
import signal
import subprocess
import time

import pytest
from harness.deploy import Deployment
from harness.node import FERRYCTL, PATIENCE, SANITIZED, until

INTERVAL = 0.1


@pytest.fixture(name="net")
def fixture_net(stage):
    net = Deployment(stage)
    one = net.node(1, probe=int(INTERVAL * 1000))
    two, three = net.node(2), net.node(3, probe=0)
    net.wire(one, two)
    net.wire(one, three)
    client, far = net.client(one), net.client(two)
    net.session(1, source=1, destinations=[2], flows=["2"], ingress=client.ingress(5001),
                egress=[far.egress(2, 6000)])
    net.start()
    return net


def up(node, *peers):
    until(lambda: all(node.link(peer)["state"] == "up" for peer in peers), 10, "links are up")


def follow(stage, node):
    return stage.popen(node.namespace, FERRYCTL, "-s", node.socket_path, "events", "--follow",
                       "--json", stdout=subprocess.PIPE, text=True)


def next_event(follower, kind, *peers):
    """The next of this kind, of one of these peers, that the follower tells."""
    while True:
        event = json.loads(follower.stdout.readline())
        if event["event"] == kind and event["peer"] in peers:
            return event


def bound(link):
    """Of liveness.h: 5.5 intervals and the time of an answer, at least an interval."""
    answer = (link["rtt_us"] + 4 * link["rtt_deviation_us"]) / 1e6 + INTERVAL / 4
    return 5.5 * INTERVAL + max(INTERVAL, answer)


def test_neighbour_stands_still(stage, net):
    one, two = net.places[1].running, net.places[2].running
    up(one, 2, 3)
    follower, stuck = follow(stage, one), follow(stage, one)
    next_event(stuck, "link_up", 2, 3)
    stuck.send_signal(signal.SIGSTOP)
    for _ in (2, 3):
        event = next_event(follower, "link_up", 2, 3)
        assert event["was"] == "unknown"

    two.process.send_signal(signal.SIGSTOP)
    stopped = time.monotonic()
    down = next_event(follower, "link_down", 2)
    took = time.monotonic() - stopped
    most = bound(one.link(2))  # as it was then: nothing was answered since
    two.process.send_signal(signal.SIGCONT)
    print(f"down after {took:.3f} s, silent for {down['silent_s']} s, at most {most:.3f} s")
    assert down["was"] in ("up", "degraded")
    # The node's own clock; here processes wait for their turn.
    assert 2.99 * INTERVAL < down["silent_s"] < most + 0.15 * PATIENCE
    assert took < most + 2 * PATIENCE
    again = next_event(follower, "link_up", 2)
    assert again["was"] == "down"
    up(one, 2, 3)

    # The same in the history, in the log, and for people.
    events = one.ctl("events")
    assert [e["number"] for e in events] == list(range(1, len(events) + 1))
    assert down in events and again in events
    # A machine that is too busy for its nodes may be taken for a link that is bad for a while.
    other = [e["event"] for e in events if e["peer"] == 3]
    assert other in (["link_up"], ["link_up", "link_degraded"],
                     ["link_up", "link_degraded", "link_up"])
    one.wait_log(r"link to peer 2 \S+: down, was")
    one.wait_log(r"link to peer 2 \S+: up, was down")
    assert len(one.ferryctl("events", "--last", "1").stdout.splitlines()) == 1
    lines = one.ferryctl("events").stdout.splitlines()
    assert [again["time"], "link_up", "peer", "2"] in [line.split()[:4] for line in lines]
    follower.kill()
    stuck.kill()


def test_round_trip_and_clock(net):
    one, two, three = (net.places[n].running for n in (1, 2, 3))
    up(one, 2, 3)
    until(lambda: one.link(2)["probes_answered"] >= 12 and one.link(2)["probe_loss"] < 0.3, 20,
          "answers")
    link, back = one.link(2), two.link(1)
    # The least is hardly disturbed by a busy machine, the rest may be.
    assert 10 < link["rtt_least_us"] < (20000 if SANITIZED else 5000)
    assert link["rtt_us"] < 100000 * PATIENCE
    assert link["probes_answered"] <= link["probes_sent"]
    # One machine, one clock; each node's UTC is slewed by itself.
    assert abs(link["clock_offset_us"]) <= link["clock_error_us"] + 5000
    # Each says what the other finds.
    assert back["rtt_peer_us"] > 0 and link["rtt_peer_us"] > 0
    # Who asks nothing answers all the same, and knows nothing.
    silent = three.link(1)
    assert silent["state"] == "up"
    assert (silent["rtt_us"], silent["probe_loss"], silent["clock_offset_us"]) == (
        None, None, None)
    assert one.link(3)["rtt_us"] > 0
    # A kernel's report of its multicast groups, as its end comes up, is not for the node.
    assert set(one.drops()) <= {"ip_address"}
    table = one.ferryctl("show", "links").stdout
    assert "Links: as probes find them" in table


def test_far_away(stage):
    """A delay of 30 ms one way each: both know 60 ms."""
    net = Deployment(stage)
    one, two = net.node(1, probe=50), net.node(2, probe=50)
    net.wire(one, two, impair={"delay": "30ms"})
    client, far = net.client(one), net.client(two)
    net.session(1, source=1, destinations=[2], flows=["2"], ingress=client.ingress(5001),
                egress=[far.egress(2, 6000)])
    nodes = net.start()
    for node, peer in ((1, 2), (2, 1)):
        up(nodes[node], peer)
        until(lambda n=nodes[node], p=peer: n.link(p)["probes_answered"] > 20, 10, "answers")
        link = nodes[node].link(peer)
        assert link["rtt_least_us"] < 60000 * 1.03 + 2000 * PATIENCE
        # What comes in a turn has the time of its beginning, also where the CPU is taken away
        # between the two: the least may be too little, and on a machine that is too small for its
        # nodes the mean too.
        if not SANITIZED:
            until(lambda n=nodes[node], p=peer: 60000 <= n.link(p)["rtt_us"] < 66000, 10, "60 ms")


@pytest.mark.parametrize("wrong, known", [
    ({"id": 7}, "there is no peer 2 here"),
    ({"address": "10.0.1.77"}, "peer 2 is at 10.0.1.77 on port w2 here")])
def test_mistake_in_one_file(stage, wrong, known):
    """The neighbour's name or address is wrong on one side: who sends there is told."""
    net = Deployment(stage)
    places = [net.node(number, probe=int(INTERVAL * 1000)) for number in (1, 2)]
    net.wire(*places)
    places[0].peers[0].update(wrong)
    one, two = (stage.node(place.namespace, place.configuration([])) for place in places)
    event = until(lambda: [e for e in one.ctl("events") if e["event"] == "unknown_peer"], 20, "it is told")[0]
    assert (event["peer"], event["address"], event["port"]) == (2, "10.0.1.2", "w2")
    assert 50 <= event["datagrams"] <= one.drops()["link_unknown_peer"]
    one.wait_log(rf"port w2: a node at 10\.0\.1\.2 says that it is 2, but {re.escape(known)}: \d+ datagrams")
    assert re.search(r"unknown_peer +peer 2 .*: address 10\.0\.1\.2, port w2, datagrams \d+\n",
                     one.ferryctl("events").stdout)
    assert "says that it is" not in two.log()
