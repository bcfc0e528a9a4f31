#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Weights, flows and sessions change while packets flow, and none is lost."""

import json
import time

import pytest
from harness.deploy import Deployment
from harness.node import until
from harness.udp import Receiver, Sender


@pytest.fixture
def net(stage):
    """1 to 2 by way of 5, 6 or 7; two flows at first."""
    net = Deployment(stage)
    one, two, *relays = (net.node(number) for number in (1, 2, 5, 6, 7))
    for relay in relays:
        net.wire(one, relay)
        net.wire(relay, two)
    left, right = net.client(one), net.client(two)
    net.session(1, name="talk", source=1, destinations=[2],
                flows=[{"path": "5 > 2", "weight": 25}, {"path": "6 > 2", "weight": 75}],
                ingress=left.ingress(5001), egress=[right.egress(2, 6000)])
    net.nodes = net.start()
    net.receiver = Receiver(right, 6000)
    net.sender = Sender(left, left.node_address, 5001, pps=1000, size=100)
    yield net
    net.sender.stop()
    net.receiver.close()


def flows(net):
    return {flow["flow"]: flow for flow in net.nodes[1].show("flows", 1, 1)[0]["source"]}


def split_of(net, packets):
    """Shares of the flows over so many packets from now on."""
    before = {n: f["packets"] for n, f in flows(net).items()}

    def done():
        now = {n: f["packets"] - before.get(n, 0) for n, f in flows(net).items()}
        return now if sum(now.values()) >= packets else None

    counts = until(done, 20, "packets", pause=0.02)
    return {n: count / sum(counts.values()) for n, count in counts.items()}


def expect_nothing_lost(net):
    net.sender.stop()
    net.receiver.expect_all({0: net.sender.sizes})
    shown = net.nodes[2].destination(1, 1)
    assert (shown["lost"], shown["duplicates"]) == (0, 0)


# 5 standard deviations of a share over 1500 packets are at most 0.065.
SLACK = 0.07


def test_weights(net):
    split = split_of(net, 1500)
    assert split[0] == pytest.approx(0.25, abs=SLACK)
    assert split[1] == pytest.approx(0.75, abs=SLACK)
    net.nodes[1].ferryctl("weights", 1, 1, "90:10")
    split = split_of(net, 1500)
    assert split[0] == pytest.approx(0.90, abs=SLACK)
    shown = flows(net)
    assert [shown[n]["weight"] for n in (0, 1)] == [90, 10]
    assert shown[0]["share_configured"] == pytest.approx(0.9)
    assert shown[0]["share_measured"] == pytest.approx(0.9, abs=SLACK)
    expect_nothing_lost(net)


def test_weight_0_takes_no_packet(net):
    net.nodes[1].ferryctl("weights", 1, 1, "0:1")
    time.sleep(0.05)
    assert split_of(net, 500) == {0: 0, 1: 1}
    expect_nothing_lost(net)


def test_weights_changed_without_a_pause(net):
    """A hundred times, as fast as can be."""
    for i in range(100):
        net.nodes[1].ctl("weights", 1, 1, f"{i % 7}:{i % 5 + 1}")
    expect_nothing_lost(net)


def test_flow_added_and_removed(net):
    answer = json.loads(net.nodes[1].ferryctl("--json", "flow", "add", 1, 1, 100, "7 > 2").stdout)
    split = split_of(net, 1500)
    assert split[2] == pytest.approx(0.5, abs=SLACK), answer
    assert flows(net)[2]["path"] == "7 > 2"
    net.nodes[1].ferryctl("flow", "remove", 1, 1, 1)
    split = split_of(net, 1500)
    assert set(split) == {0, 2}
    assert split[0] == pytest.approx(0.2, abs=SLACK)
    for i in range(20):
        flow = net.nodes[1].ctl("flow", "add", 1, 1, 50, "6 > 2")["flow"]
        net.nodes[1].ctl("flow", "remove", 1, 1, flow)
    expect_nothing_lost(net)


MISTAKES = [
    (("flow", "add", 1, 1, 1, "5 > 6"), "destination"),
    (("flow", "add", 1, 1, 1, "9 > 2"), "peer"),
    (("flow", "add", 1, 1, 1, "5 > > 2"), "column"),
    (("flow", "add", 1, 1, 1, "5 > 1 > 2"), "1"),
    (("flow", "add", 1, 1, "much", "5 > 2"), "WEIGHT"),
    (("flow", "remove", 1, 1, 9), "9"),
    (("weights", 1, 1, "1:2:3"), "3"),
    (("weights", 1, 1, "0:0"), "0"),
    (("weights", 1, 2, "1:2"), "2"),
    (("session", "stop", 8, 1), "8"),
    (("session", "pause", 1, 1), "session pause"),
]


def test_a_mistake_changes_nothing(net):
    before = [(f["path"], f["weight"]) for f in flows(net).values()]
    for words, wrong in MISTAKES:
        done = net.nodes[1].ferryctl(*words, check=False)
        assert done.returncode != 0, words
        assert wrong in done.stderr, (words, done.stderr)
        assert [(f["path"], f["weight"]) for f in flows(net).values()] == before, words
    expect_nothing_lost(net)


def test_session_stopped_and_started(net):
    """What comes meanwhile is dropped by that name; nothing else is lost."""
    net.receiver.wait_count(200)
    for _ in range(5):
        net.nodes[1].ferryctl("session", "stop", 1, 1)
        assert net.nodes[1].source(1, 1)["state"] == "stopped"
        time.sleep(0.1)
        net.nodes[1].ferryctl("session", "start", 1, 1)
        net.receiver.wait_more()
    sent = net.sender.stop()
    until(lambda: net.nodes[1].source(1, 1)["packets"]
          + net.nodes[1].source(1, 1)["while_stopped"] == sent, 5, "every datagram is accounted for")
    shown = net.nodes[1].source(1, 1)
    net.receiver.wait_count(shown["packets"])
    assert net.receiver.count() == shown["packets"]
    assert shown["while_stopped"] >= 5 * 50
    assert net.nodes[1].drops().pop("session_stopped") == shown["while_stopped"]
    ended = net.nodes[2].destination(1, 1)
    assert (ended["lost"], ended["epochs"]) == (0, 1)
