#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Nodes that know only their ports: peers, sessions and what is forwarded come at run time."""

import json
import subprocess

import pytest
from harness.deploy import Deployment
from harness.node import FERRYCTL, ControlError, until
from harness.udp import Receiver, Sender


def group(**keys):
    """Keys as the configuration has them, of strings, numbers, lists and groups."""
    def value(v):
        if isinstance(v, bool):
            return str(v).lower()
        if isinstance(v, dict):
            return "{ " + group(**v) + " }"
        if isinstance(v, list):
            inner = ", ".join(value(x) for x in v)
            return f"( {inner} )" if v and isinstance(v[0], dict) else f"[ {inner} ]"
        return json.dumps(v)
    return " ".join(f"{key} = {value(v)};" for key, v in keys.items())


@pytest.fixture
def net(stage):
    """1 to 2 by way of 5 or 6, which forward installed sessions only; nobody knows anybody."""
    net = Deployment(stage)
    one, two = (net.node(number, workers=2) for number in (1, 2))
    relays = [net.node(number, forwarding="installed") for number in (5, 6)]
    for relay in relays:
        net.wire(one, relay)
        net.wire(relay, two)
    net.left, net.right = net.client(one), net.client(two)
    net.peers = {number: place.peers for number, place in net.places.items()}
    for place in net.places.values():
        place.peers = []
    net.nodes = net.start()
    net.receiver = Receiver(net.right, 6000)
    yield net
    net.receiver.close()


def introduce(net):
    for number, peers in net.peers.items():
        for peer in peers:
            net.nodes[number].ferryctl("peer", "add", group(**peer, pacing="none"))
    for node in net.nodes.values():
        node.wait_resolved()


def talk(net, **more):
    return group(**{"id": 7, "name": "talk", "source": 1, "destinations": [2],
                    "flows": [{"path": "5 > 2"}], "ingress": net.left.ingress(5001),
                    "egress": [net.right.egress(2, 6000)], **more})


def define(net):
    """At the destination first, so that nothing comes before it is there."""
    net.nodes[2].ferryctl("session", "add", 1, talk(net))
    for number in (5, 6):
        net.nodes[number].ferryctl("forward", "add", 1, 7)
    answer = net.nodes[1].ferryctl("--json", "session", "add", 1, talk(net))
    assert json.loads(answer.stdout) == {"conference": 1, "session": 7, "state": "defined"}
    until(lambda: net.nodes[2].destination(1, 7)["egress_state"] == "ready", 5, "egress")


def test_from_nothing(net):
    introduce(net)
    define(net)
    sender = Sender(net.left, net.left.node_address, 5001, pps=1000, size=100)
    net.receiver.wait_count(300)
    # Its route moves to the other relay and back, ten times.
    for i in range(10):
        net.nodes[1].ferryctl("session", "route", 1, 7, f"{i} 5 > 2; 10 6 > 2" if i % 2
                              else "1 6 > 2")
        net.receiver.wait_more()
    sender.stop()
    net.receiver.expect_all({0: sender.sizes})
    shown = net.nodes[2].destination(1, 7)
    assert (shown["lost"], shown["duplicates"]) == (0, 0)
    assert '"talk"' in net.nodes[1].ferryctl("--json", "session", "show", 1, 7).stdout
    flows = net.nodes[1].show("flows", 1, 7)[0]["source"]
    assert [(f["path"], f["weight"]) for f in flows] == [("6 > 2", 10), ("5 > 2", 9)]
    for node in net.nodes.values():
        node.check_sums()
        assert not node.drops().keys() & {
            "forward_not_installed", "pathlet_unknown_hop", "hop_unresolved", "hop_removed",
            "session_unknown", "session_stopped", "link_too_old", "link_stale_epoch"}


def test_only_what_is_installed(net):
    introduce(net)
    define(net)
    net.nodes[5].ferryctl("forward", "remove", 1, 7)
    sender = Sender(net.left, net.left.node_address, 5001, pps=500, size=100, count=100)
    sender.finish()
    until(lambda: net.nodes[5].drops().get("forward_not_installed") == 100, 5, "drops")
    assert net.receiver.count() == 0
    table = net.nodes[6].ferryctl("show", "forwarding").stdout
    assert "installed" in table and "CONFERENCE" in table
    shown = net.nodes[6].show("forwarding")
    assert shown == {"mode": "installed", "sessions": [
        {"conference": 1, "session": 7, "name": None, "defined": False, "source": False,
         "destination": False, "installed": True, "recode": None}]}
    assert net.nodes[1].show("forwarding")["mode"] == "open"
    net.nodes[5].check_sums()


def test_session_goes_and_comes(net):
    introduce(net)
    define(net)
    for stream in range(3):
        sender = Sender(net.left, net.left.node_address, 5001, stream=stream, pps=1000, size=100,
                        count=200)
        sender.finish()
        until(lambda stream=stream: len(net.receiver.numbers(stream)) == 200, 5, f"stream {stream}")
        # Only the source: the destination takes the next one for what it is.
        net.nodes[1].ferryctl("session", "remove", 1, 7)
        with pytest.raises(ControlError, match="has no session"):
            net.nodes[1].show("sessions", 1, 7)
        net.nodes[1].ferryctl("session", "add", 1, talk(net))
    assert net.nodes[2].destination(1, 7)["epochs"] == 3
    net.nodes[2].ferryctl("session", "remove", 1, 7)
    sender = Sender(net.left, net.left.node_address, 5001, stream=9, pps=1000, size=100, count=50)
    sender.finish()
    until(lambda: net.nodes[2].drops().get("session_unknown") == 50, 5, "drops at the destination")


def test_four_files(net, tmp_path):
    """The capacity that a node has by default is enough for them, at either end."""
    introduce(net)
    content = tmp_path / "content"
    content.write_bytes(bytes(range(256)) * 100)
    copies = [tmp_path / f"copy{number}" for number in range(1, 5)]
    for node in (2, 1):
        for number, copy in enumerate(copies, 1):
            net.nodes[node].ferryctl("session", "add", 1, talk(
                net, id=number, name=f"file{number}", flows=[{"path": "5 > 2"}], rate="8M",
                ingress={"file": str(content)}, egress=[{"node": 2, "file": str(copy)}]))
            if node == 2:
                net.nodes[5].ferryctl("forward", "add", 1, number)
    for copy in copies:
        until(lambda copy=copy: copy.exists() and copy.read_bytes() == content.read_bytes(), 10,
              f"{copy.name} is the file")


def test_peer_changes_while_packets_flow(net):
    introduce(net)
    define(net)
    sender = Sender(net.left, net.left.node_address, 5001, pps=500, size=100)
    net.receiver.wait_count(100)
    for pacing in ("tfrc", "rate:50M", "none"):
        for number, peer in ((1, 5), (5, 2)):
            net.nodes[number].ferryctl("peer", "change", peer, f'pacing = "{pacing}"')
            until(lambda: net.nodes[number].link(peer)["pacing"] == pacing.split(":")[0], 5, pacing)
            net.receiver.wait_more()
    sender.stop()
    sent = len(sender.sizes)
    until(lambda: net.receiver.count() + sum(
        node.drops().get(name, 0) for node in net.nodes.values()
        for name in ("hop_removed", "link_stale_epoch", "hop_unresolved")) >= sent, 5, "all told of")
    refused = net.nodes[1].ferryctl("peer", "remove", 5, check=False)
    assert refused.returncode == 1
    assert "session 7 of conference 1 goes first to peer 5" in refused.stderr
    net.nodes[1].ferryctl("session", "remove", 1, 7)
    net.nodes[1].ferryctl("peer", "remove", 5)
    until(lambda: [link["id"] for link in net.nodes[1].show("links")] == [6], 5, "the link is gone")


MISTAKES = [
    (("peer", "add", "id = 5"), "address"),
    (("peer", "add", 'id = 5; address = "10.0.1.2"'), 'the key "port" is missing'),
    (("peer", "remove", "9"), 'no peer "9"'),
    (("session", "add", "1", "id = 1"), '"source" is missing'),
    (("session", "add", "talks", "id = 1"), 'no conference "talks"'),
    (("session", "remove", "1", "1"), "has no session"),
    (("conference", "add", "id = 3; weight = 1000"), "256"),
    (("conference", "remove", "4"), "no conference"),
    (("forward", "add", "1", "x"), "SESSION is"),
    (("forward", "add", "1", "0"), "from 1 to 4294967295"),
]


def test_mistakes(net):
    for words, expected in MISTAKES:
        done = net.nodes[5].ferryctl(*words, check=False)
        assert done.returncode == 1, words
        assert expected in done.stderr, (words, done.stderr)
    for words, expected in ((("peer", "ad"), "no command"), (("peer", "add"), "too few words"),
                            (("help", "me"), "too many words")):
        done = net.nodes[5].ferryctl(*words, check=False)
        assert done.returncode == 2 and expected in done.stderr, (words, done.stderr)
    net.nodes[5].ferryctl("conference", "add", 'id = 3; name = "three"; priority = 6')
    net.nodes[5].ferryctl("conference", "change", "three", "weight = 7")
    net.nodes[5].ferryctl("conference", "remove", "three")
    assert "what comes at run time" in net.nodes[5].log()
    assert "forwarding is installed" in net.nodes[5].log()
    assert "forwarding is open" in net.nodes[1].log()
    assert net.nodes[5].show("links") == []


def test_help_and_completion_know_the_words(net, root):
    help_text = subprocess.run([FERRYCTL, "--help"], capture_output=True, text=True,
                               check=True).stdout
    script = (root / "control" / "ctl" / "ferryctl.bash").read_text()
    manual = (root / "control" / "man" / "ferryctl.1.scd").read_text()
    for row in net.nodes[5].ctl("help"):
        assert row["command"] in help_text
        for word in row["command"].split():
            assert word in script, row
        assert f"*{row['command']}*" in manual, row
