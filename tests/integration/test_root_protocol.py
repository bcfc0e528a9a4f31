# SPDX-License-Identifier: BSD-3-Clause
"""What ferry-root tells nodes, with nodes played by hand: places, sessions, changes, congestion."""

import time

import pytest

from harness.fake_node import FakeNode
from harness.node import PATIENCE, until
from harness.root import RootProgram

from test_root import free_port, peer

CONGESTION = ("<congestion><peer>4</peer><conference>1</conference><session>1</session>"
              "<queuePackets>64</queuePackets><queueBytes>64000</queueBytes><drops>9</drops>"
              "</congestion>")
STREAM = (1 << 32) + 1  # session 1 of conference 1


def configuration(port):
    """a sends to d over b or c: a diamond; b and c are below a, d below b."""
    return {
        "root": {"listen": f"127.0.0.1:{port}", "plain": True},
        "nodes": [
            {"name": "a", "id": 1, "role": "root",
             "peers": [{**peer("b", "10.0.0.2"), "pacing": "none"}, peer("c", "10.0.1.2")]},
            {"name": "b", "id": 2, "role": "relay", "parent": "a",
             "peers": [peer("a", "10.0.0.1"), peer("d", "10.0.2.2")]},
            {"name": "c", "id": 3, "role": "relay", "parent": "a",
             "peers": [peer("a", "10.0.1.1"), peer("d", "10.0.3.2")]},
            {"name": "d", "id": 4, "role": "leaf", "parent": "b",
             "peers": [peer("b", "10.0.2.1"), peer("c", "10.0.3.1")]}],
        "conferences": [{"id": 1, "name": "first", "priority": 5, "queue_ms": 700, "sessions": [
            {"id": 1, "source": 1, "destinations": [4], "rate": 1000000,
             "ingress": {"udp": "10.1.0.1:5004"},
             "egress": [{"node": 4, "udp": "10.4.0.9:5004"}],
             "coding": {"code": "block", "repair": "10%"},
             "flows": [{"path": "2 > 4", "weight": 3}]}]}],
    }


@pytest.fixture
def network():
    port = free_port()
    program = RootProgram(configuration(port)).start()
    network = Network(program, port)
    yield network
    for node in network.nodes.values():
        node.close()
    program.delete()


class Network:
    def __init__(self, program, port):
        self.program, self.port, self.nodes = program, port, {}

    def node(self, name, **kwargs):
        self.nodes[name] = FakeNode(name, self.port, **kwargs)
        return self.nodes[name]

    def all(self):
        return [self.node(name) for name in "abcd"]

    def states(self):
        return {node["node"]: node["state"] for node in self.program.session(1, 1)["nodes"]}

    def wait_states(self, **wanted):
        until(lambda: self.states() == wanted, 5, lambda: f"{wanted}, not {self.states()}")


def test_place(network):
    a = network.node("a")
    place = a.wait("place").body.find("place")
    assert place.findtext("nodeid") == "1" and place.findtext("role") == "root"
    assert place.find("parent").get("name") == "^"
    peers = {p.get("name"): dict(p.attrib) for p in place.find("peers")}
    assert peers["b"]["id"] == "2" and peers["b"]["address"] == "10.0.0.2"
    assert peers["b"]["pacing"] == "none" and peers["b"]["udpport"] == "13779"
    below = {n.get("name"): n.get("parent") for n in place.find("below")}
    assert below == {"b": None, "c": None, "d": "b"}
    # b's parent is there: b is sent to it.
    b = network.node("b")
    placed = b.wait("place")
    assert placed.body.find("place").find("parent").get("name") == "a"
    assert "127.0.0.1" in repr(placed) and "14000" in repr(placed)
    # d's is not: it stays here, until that one comes.
    d = network.node("d")
    b.close()
    until(lambda: network.program.node("b")["state"] == "away", 4, "b is away")
    d.hello()

    def placed():
        return repr([m for _, m in d.log if m.type == "place"][-1:])

    until(lambda: len(d.told("place")) == 2 and "14000" not in placed(), 3, "d stays here")
    a.child("b")
    until(lambda: "14000" in placed(), 3, "d is sent to b")
    names = {n["name"]: n for n in network.program.ctl("nodes")}
    assert names["b"]["connected_to"] == "a" and names["d"]["connected_to"] == "^"
    tree = network.program.ctl("tree")
    assert tree["away"] == ["c"]
    assert {child["name"] for child in tree["children"]} == {"a", "d"}


def test_unplaced(network):
    stranger = network.node("stranger")
    error = stranger.wait("error")
    assert "no place in the topology" in error.body.findtext("text")
    assert network.program.node("stranger")["id"] == 5
    # It is known, and no more: it attends nothing, asks nothing, reports nothing.
    before = network.program.session(1, 1)
    for kind, body in (("join", "<conference>1</conference>"),
                       ("leave", "<conference>1</conference>"),
                       ("join", "<conference>1</conference><node>a</node>"),
                       ("conflist", ""), ("stats", stats({"cpuload": 0.99}, stream=0)),
                       ("congestion", CONGESTION)):
        stranger.send(kind, body)
        error = stranger.wait("error").body
        assert error.findtext("code") == "404", kind
        assert error.find("request").get("type") == kind
        assert "no place in the topology" in error.findtext("text")
    assert network.program.session(1, 1) == before


def test_install(network):
    """Everybody on the route has the session before its source sends."""
    a, b, c, d = network.all()
    at_a = a.wait("pipedef").pipeline()
    assert at_a.findtext("play") == "true" and at_a.findtext("rate") == "1000000"
    assert at_a.findtext("priority") == "5" and 'code = "block";' in at_a.findtext("coding")
    assert at_a.findtext("queueMs") == "700"
    assert at_a.find("ingress").findtext("address") == "10.1.0.1"
    assert [(f.get("weight"), f.get("path")) for f in at_a.findall("flow")] == [("3", "2 > 4")]
    at_d = d.wait("pipedef").pipeline()
    assert at_d.find("egress").get("address") == "10.4.0.9"
    assert not b.wait("pipedef").pipeline().findall("flow")
    network.wait_states(a="playing", b="defined", d="defined")
    assert not c.told("pipedef")
    # The source was the last, once all were there.
    a.die()
    b.die()
    d.die()
    until(lambda: network.program.node("a")["state"] == "away", 4, "a is away")
    for name in "dba":
        network.node(name)
    network.wait_states(a="playing", b="defined", d="defined")


def test_source_waits_for_others(network):
    for name in "bcd":
        network.node(name)
    network.wait_states(a="away", b="defined", d="defined")
    network.program.ctl("session", "stop", 1, 1)
    a = network.node("a")
    assert a.wait("pipedef").pipeline().findtext("play") in (None, "false")
    network.wait_states(a="defined", b="defined", d="defined")
    network.program.ctl("session", "start", 1, 1)
    a.wait("playpipeline")
    network.wait_states(a="playing", b="defined", d="defined")
    network.program.ctl("session", "stop", 1, 1)
    a.wait("stoppipeline")
    network.wait_states(a="stopped", b="defined", d="defined")


def test_route(network):
    """New nodes first, then the source, then those that are no longer on the route."""
    a, b, c, d = network.all()
    network.wait_states(a="playing", b="defined", d="defined")
    network.program.ctl("route", "set", 1, 1, 0, "3 > 4")
    c.wait("pipedef")
    assert a.wait("routepipeline").flows() == [(0, 3, "3 > 4")]
    b.wait("removepipeline")
    network.wait_states(a="playing", c="defined", d="defined")
    assert c.told("pipedef")[-1] < a.told("routepipeline")[0] < b.told("removepipeline")[0]
    assert b.told("removepipeline")[0] - a.told("routepipeline")[0] > 0.5
    # Weights concern the source alone, and not its definition.
    network.program.ctl("weights", 1, 1, "9")
    assert a.wait("routepipeline").flows() == [(0, 9, "3 > 4")]
    assert len(a.told("pipedef")) == 1 and len(d.told("pipedef")) == 1


def test_leave_and_join(network):
    a, b, c, d = network.all()
    network.wait_states(a="playing", b="defined", d="defined")
    d.send("conflist")
    listed = d.wait("conflist").body.find("conferences")[0]
    assert listed.get("name") == "first"
    assert [p.get("name") for p in listed] == ["a", "d"]
    d.send("leave", "<conference>1</conference>")
    assert [p.get("name") for p in d.wait("conflist").body.find("conferences")[0]] == ["a"]
    # Nobody is left to send to.
    a.wait("removepipeline")
    d.wait("removepipeline")
    until(lambda: network.program.session(1, 1)["nodes"] == [], 5, "removed everywhere")
    assert a.told("removepipeline")[0] < d.told("removepipeline")[0]
    d.send("join", "<conference>1</conference>")
    network.wait_states(a="playing", b="defined", d="defined")
    # For itself and those below only.
    d.send("leave", "<conference>1</conference><node>a</node>")
    assert d.wait("error").body.findtext("code") == "403"
    a.send("leave", "<conference>1</conference><node>d</node>")
    d.wait("removepipeline")
    d.send("join", "<conference>7</conference>")
    assert d.wait("error").body.findtext("code") == "404"


def test_leave_and_join_without_end(network):
    """Each is a write to the disk: a node that does nothing else is told so, and others go on."""
    a, _b, _c, d = network.all()
    for number in range(20):
        d.send("join" if number % 2 else "leave", "<conference>1</conference>")
    assert d.wait("error").body.findtext("code") == "429"
    events = [e for e in network.program.ctl("events") if e["event"] in ("left", "joined")]
    assert len(events) == 16
    a.send("leave", "<conference>1</conference>")
    a.wait("conflist")


def test_refused(network):
    d = network.node("d", connect=False)
    d.answering = "no room"
    d.connect()
    a = network.node("a")
    network.node("b")
    a.wait("pipedef")
    until(lambda: network.states().get("d") == "refused", 4, "d refuses")
    reasons = [node["reason"] for node in network.program.session(1, 1)["nodes"]]
    assert "no room" in reasons
    # It is asked again with the next change.
    d.answering = True
    network.program.ctl("weights", 1, 1, "5")
    network.wait_states(a="playing", b="defined", d="defined")


def test_back_before_it_has_left(network):
    """A node joins again while the root waits to hear that it has removed the session."""
    _a, _b, _c, d = network.all()
    network.wait_states(a="playing", b="defined", d="defined")
    d.answering = ""
    d.send("leave", "<conference>1</conference>")
    removal = d.wait("removepipeline")
    d.send("join", "<conference>1</conference>")
    until(lambda: "destination" in [n["does"] for n in network.program.session(1, 1)["nodes"]], 5,
          "it is in again")
    d.answering = True
    d.answer(removal)
    d.wait("pipedef")
    network.wait_states(a="playing", b="defined", d="defined")


def test_silent_node_holds_up_nobody(network):
    d = network.node("d", connect=False)
    d.answering = ""
    start = time.monotonic()
    d.connect()
    network.node("b")
    a = network.node("a")
    a.wait("pipedef")
    assert 0.8 < time.monotonic() - start < 3 * PATIENCE
    # It is told again, soon: what it was told may have been lost with a connection.
    d.wait("pipedef")
    d.answering = True
    d.wait("pipedef", seconds=3)
    network.wait_states(a="playing", b="defined", d="defined")


def test_strays(network):
    """What a node has that is none of its own is taken away; of a session that goes on, once its
    source is known to send elsewhere."""
    c = network.node("c", streams=[STREAM, 77 << 32 | 1])
    assert c.wait("removepipeline").pipeline().get("conference") == "77"
    for name in "bda":
        network.node(name)
    assert c.wait("removepipeline").pipeline().get("conference") == "1"
    until(lambda: c.streams == {}, 3, "c has nothing")
    network.wait_states(a="playing", b="defined", d="defined")


def tell_congestion(a, b, d):
    """b says it, a and d are told; returns the seconds until both were."""
    start = time.monotonic()
    b.send("congestion", CONGESTION)
    heard = a.wait("congestion").body.find("congestion")
    d.wait("congestion")
    assert heard.findtext("node") == "b" and heard.findtext("drops") == "9"
    return time.monotonic() - start


def test_congestion(network):
    a, b, c, d = network.all()
    network.wait_states(a="playing", b="defined", d="defined")
    took = []
    for _ in range(5):
        took.append(tell_congestion(a, b, d))
        if took[-1] < 0.1 * PATIENCE:
            break
    assert min(took) < 0.1 * PATIENCE
    time.sleep(0.1)
    assert not b.told("congestion") and not c.told("congestion")
    event = [e for e in network.program.ctl("events") if e["event"] == "congestion"][0]
    assert event["node"] == "b" and event["told"] == 2


def test_kill_and_come_back(network):
    """After kill -9 the root knows all again; nodes go on meanwhile, and nothing is taken away."""
    a, b, c, d = network.all()
    network.wait_states(a="playing", b="defined", d="defined")
    network.program.ctl("weights", 1, 1, "8")
    until(lambda: len(a.told("routepipeline")) == 1, 3, "a's weights")
    for _ in range(3):
        network.program.kill()
        network.program.start()
        start = time.monotonic()
        for node in (a, b, c, d):
            node.close()
            node.connect()
        network.wait_states(a="playing", b="defined", d="defined")
        assert time.monotonic() - start < 3 * PATIENCE
        assert network.program.session(1, 1)["flows"][0]["weight"] == 8
    for node in (a, b, c, d):
        assert not node.told("removepipeline") and not node.told("stoppipeline")


def test_root_comes_back_to_a_tree(network):
    """Those below others say no hello when only the root was away: they are told all again."""
    a = network.node("a")
    b, c = a.child("b"), a.child("c")
    d = a.child("d")
    network.wait_states(a="playing", b="defined", d="defined")
    network.program.kill()
    a.close()
    for child in a.below.values():
        child.hello = lambda: None
    network.program.start()
    a.connect()
    before = len(d.told("pipedef"))
    network.wait_states(a="playing", b="defined", d="defined")
    until(lambda: len(d.told("pipedef")) > before, 3, "d is told again")
    assert all(n["state"] == "up" for n in network.program.ctl("nodes"))
    assert b.told("place") and not c.told("pipedef")


def test_node_comes_anew(network):
    """Killed and started again, whichever it is: the picture is right within 3 s."""
    nodes = dict(zip("abcd", network.all()))
    network.wait_states(a="playing", b="defined", d="defined")
    for name in "dab":
        nodes[name].die()
        start = time.monotonic()
        nodes[name] = network.node(name)
        nodes[name].wait("place")
        nodes[name].wait("pipedef")
        network.wait_states(a="playing", b="defined", d="defined")
        assert time.monotonic() - start < 3 * PATIENCE
        assert nodes[name].streams


def stats(values, stream=STREAM, children=0):
    """One container, as a node of the original system would write it."""
    array = "".join(f"<DBValue><name>{name}</name><value>{value}</value></DBValue>"
                    for name, value in values.items())
    return (f"<statsContainers><statsContainer><startTime>1368548254</startTime>"
            f"<endTime>1368548879</endTime><numOfChildren>{children}</numOfChildren>"
            f"<id>{stream}</id><statArray>{array}</statArray></statsContainer></statsContainers>")


def test_alerts(network):
    """A bad node under a good mean: an alert, it is asked itself, and its answer is an event."""
    program = network.program
    program.config["thresholds"] = [{"name": "fraclost", "warning": 0.01, "danger": 0.05}]
    program.config["root"].update(report="report", report_s=1)
    program.write_config()
    program.ctl("reload")
    assert program.ctl("alerts") == []

    def levels():
        return [e["level"] for e in program.ctl("events") if e["event"] == "alert"]

    a, b, c = (network.node(name) for name in "abc")
    a.wait("place")
    a.send("stats", stats({"fraclost": 0.001, "fraclost.max": 0.2, "fraclost.maxnode": "b",
                           "weight": 9}, children=2), to="")
    # There is no such session; and the way of the other does not lead there.
    b.send("stats", stats({"fraclost": 0.9}, stream=99 << 32 | 1), to="")
    c.send("stats", stats({"fraclost": 0.9}), to="")
    time.sleep(0.3)
    b.send("stats", stats({"fraclost": 0.005}), to="")
    assert b.wait("reqfullstats").body.findtext("pipeid") == str(STREAM)
    alert = until(lambda: program.ctl("alerts"), 3, "an alert")[0]
    assert (alert["node"], alert["level"], alert["value"]) == ("b", "danger", 0.2)
    rows = {(row["session"], row["name"]): row for row in program.ctl("stats")}
    assert rows[1, "fraclost"]["nodes"] == 10
    assert abs(rows[1, "fraclost"]["mean"] - (9 * 0.001 + 0.005) / 10) < 1e-9
    b.send("fullstats", "<xmlDb>" + stats({"rate": 7}) + "</xmlDb><endTime>1368548879</endTime>")
    until(lambda: any(e["event"] == "fullstats" for e in program.ctl("events")), 3, "fullstats")
    report = program.directory / "report"
    until(lambda: report.exists() and "fraclost 0.0014 (0.2 at b)" in report.read_text(), 4,
          "a report")
    # It stands; a file that is read again does not say it again.
    program.ctl("reload")
    time.sleep(1.3)
    assert levels() == ["danger"]
    a.send("stats", stats({"fraclost": 0.001}, children=0), to="")
    until(lambda: program.ctl("alerts") == [], 3, "the alert's end")
    assert levels() == ["danger", "clear"]
    a.send("stats", stats({"fraclost": "much"}), to="")
    assert "fraclost" in a.wait("error").body.findtext("text")


def test_statistics_of_one_that_moved(network):
    """They are counted once: in its new parent's, which alone says them from then on."""
    a, d = network.node("a"), network.node("d")
    a.wait("place")
    d.wait("place")

    def nodes():
        return {row["nodes"] for row in network.program.ctl("stats")}

    a.send("stats", stats({"injitter": 5}), to="")
    d.send("stats", stats({"injitter": 5}), to="")
    until(lambda: nodes() == {2}, 3, "both are counted")
    d.close()
    moved = a.child("d")
    a.send("stats", stats({"injitter": 5, "weight": 2}, children=1), to="")
    until(lambda: nodes() == {2}, 3, lambda: f"both are counted once, not {nodes()}")
    moved.send("stats", stats({"injitter": 5}))
    assert "only a child says" in moved.wait("error").body.findtext("text")
    assert nodes() == {2}


def test_commands_to_nodes(network):
    a = network.node("a")
    d = network.node("d")
    a.wait("place")
    network.program.ctl("redirect", "d", 1)
    until(lambda: any("14000" in repr(m) for _, m in d.log if m.type == "redirect"), 3,
          "d is redirected")
    assert network.program.node("d")["parent"] == "a"
    network.program.ctl("ask", "d", 1, 1)
    assert d.wait("reqfullstats").body.findtext("pipeid") == str(STREAM)
    network.program.ctl("kill", "d", "for a test")
    assert "for a test" in repr(d.wait("kill"))


@pytest.fixture
def adaptive():
    """The same, where the session's repair is adaptive and b recodes."""
    port = free_port()
    config = configuration(port)
    config["conferences"][0]["sessions"][0]["coding"] = {
        "repair": "adaptive", "relays": [{"node": 2, "recode": "always"}]}
    program = RootProgram(config).start()
    network = Network(program, port)
    yield network
    for node in network.nodes.values():
        node.close()
    program.delete()


def ways(node):
    """What it was told: when, loss and what of it is regained."""
    return [(at, *(int(m.body.find("way").get(key)) for key in ("loss", "regained")))
            for at, m in node.log if m.type == "wayloss"]


def say_links(node, to=(), from_=()):
    node.send("linkloss", "<links>" + "".join(
        f'<{way} peer="{peer_id}" loss="{loss}"/>'
        for way, said in (("to", to), ("from", from_)) for peer_id, loss in said) + "</links>")


def test_way_loss(adaptive):
    """The source is told what its whole way loses, when that is news, once a second at most."""
    a, b, c, d = adaptive.all()
    adaptive.wait_states(a="playing", b="defined", d="defined")
    say_links(a, to=[(2, 200000)])
    say_links(b, to=[(4, 90000)], from_=[(1, 50000)])
    say_links(d, from_=[(2, 100000)])
    until(lambda: ways(a) and ways(a)[-1][1:] == (145000, 90000), 5, lambda: f"a: {ways(a)}")
    for loss in range(200000, 1000001, 100000):
        say_links(d, from_=[(2, loss)])
        time.sleep(0.2)
    # Nine tenths is the most that is taken.
    until(lambda: ways(a)[-1][1:] == (905000, 90000), 5, lambda: f"a: {ways(a)}")
    times = [at for at, *_ in ways(a)]
    assert len(times) < 6
    assert all(later - earlier > 0.5 for earlier, later in zip(times, times[1:]))
    # What cannot be is refused by its name, and changes nothing.
    for node, wrong, name in ((b, '<to peer="0" loss="1"/>', "peer"),
                              (c, '<to peer="4" loss="-1"/>', "loss"),
                              (d, '<from peer="2" loss="1000001"/>', "loss")):
        node.send("linkloss", f"<links>{wrong}</links>")
        assert name in node.wait("error").body.findtext("text")
    time.sleep(1.2)
    assert ways(a)[-1][1:] == (905000, 90000)
    assert not ways(b) and not ways(c) and not ways(d)
