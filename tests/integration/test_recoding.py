#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A relay begins to recode a session, changes how, and ends it, while its packets flow.
What there is no room for is refused."""

import pytest
from harness.deploy import Deployment
from harness.node import ControlError, until

CODING = {"k": 8, "repair": "50%", "close": "50ms", "deadline": "2s"}


@pytest.fixture(name="net")
def fixture_net(stage):
    """1 over 5 to 2; 5 has room for one session to recode."""
    net = Deployment(stage)
    one, two = net.node(1), net.node(2)
    five = net.node(5, capacity={"recodes": 1, "recode_k": 16})
    net.wire(one, five)
    net.wire(five, two)
    for place in (one, two, five):
        for peer in place.peers:
            peer["pacing"] = "none"
    net.session(1, source=1, destinations=[2], flows=["5 > 2"], rate=2_000_000, coding=CODING,
                ingress={"generator": {"kind": "constant", "size": 500}}, start=False)
    net.nodes = net.start()
    net.nodes[1].ferryctl("session", "start", 1, 1)
    return net


def recoding(node, key):
    return sum(worker["recoding"][key] for worker in node.show("node")["workers"])


def grows(node, key, by=40):
    before = recoding(node, key)
    until(lambda: recoding(node, key) >= before + by, 20, f"{key} grows")


def shown(node):
    return {(row["conference"], row["session"]): row["recode"]
            for row in node.show("forwarding")["sessions"]}


def settles(node, keys):
    """These stand still while packets go on."""
    def still():
        before = [recoding(node, key) for key in keys]
        sent = node.show("node")["packets"]["sent"]
        until(lambda: node.show("node")["packets"]["sent"] > sent + 50, 20, "packets flow")
        return before == [recoding(node, key) for key in keys]

    until(still, 20, f"{keys} stand still")


def test_begins_changes_and_ends(net):
    relay = net.nodes[5]
    settles(relay, ["kept", "combined", "as_they_came"])
    assert shown(relay)[1, 1] is None
    relay.ferryctl("recode", 1, 1, "always")
    grows(relay, "combined")
    assert shown(relay)[1, 1] == "always"
    # Both links are alike: nothing is recoded, all is looked at.
    relay.ferryctl("recode", 1, 1, "lossy")
    grows(relay, "as_they_came")
    settles(relay, ["combined"])
    assert '"changed": false' in relay.ferryctl("--json", "recode", 1, 1, "lossy").stdout.lower()
    relay.ferryctl("recode", 1, 1, "always")
    grows(relay, "combined")
    relay.ferryctl("recode", 1, 1, "never")
    settles(relay, ["kept", "combined"])
    relay.ferryctl("recode", 1, 1, "off")
    settles(relay, ["kept", "combined", "as_they_came"])
    assert shown(relay)[1, 1] is None and "lossy" not in relay.ferryctl("show", "forwarding").stdout
    net.nodes[1].ferryctl("session", "stop", 1, 1)
    sent = net.nodes[1].source(1, 1)["packets"]
    until(lambda: net.nodes[2].destination(1, 1)["packets"] == sent, 20, "all is delivered")
    until(lambda: relay.show("node")["packets"]["queued"] == 0, 10, "the relay keeps nothing")
    for node in net.nodes.values():
        node.check_sums()


def test_refused(net):
    relay = net.nodes[5]
    relay.ferryctl("recode", 1, 9, "always")
    with pytest.raises(ControlError, match="capacity.recodes, of which 1 of 1 are taken"):
        relay.ctl("recode", 1, 1, "always")
    relay.ferryctl("recode", 1, 9, "off")
    relay.ferryctl("recode", 1, 1, "always")
    with pytest.raises(ControlError, match='"often" must be "always", "lossy"'):
        relay.ctl("recode", 1, 1, "often")
    with pytest.raises(ControlError, match='SESSION is "0", it must be an integer from 1'):
        relay.ctl("recode", 1, 0, "always")
    # Without a root nothing is set aside by itself.
    with pytest.raises(ControlError, match="capacity.recodes, of which 0 of 0"):
        net.nodes[2].ctl("recode", 1, 1, "always")
    with pytest.raises(ControlError, match="larger capacity.recode_k"):
        relay.ctl("session", "add", 1, 'id = 7; rate = 100000; source = 1; destinations = [ 5, 2 ]; '
                  'flows = ( { path = "5* > 2"; } ); ingress = { generator = { size = 100; }; }; '
                  'coding = { k = 32; repair = "25%"; relays = ( { node = 5; } ); };')
