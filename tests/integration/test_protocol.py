#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The management protocol of a running node, by a root, a parent and children that know nothing of
Ferry but the protocol's description: each type of message both ways, and what the root orders. What
is refused is in test_protocol_refused.py. The tests go on from each other."""

import shutil
import subprocess
import time
import xml.etree.ElementTree as ET

import pytest
from harness import management
from harness.management import HELLO, Listener, now, tls
from harness.node import until
from protocol_scene import (BELOW, BODIES, END, FERRYCTL, PEERS, PIPELINE, PLACE, RELAY,  # noqa: F401
                            ROUTE, SOURCE, expect_valid, leaf, ordered, placed, scene)

ROOT_ONLY = {"alert", "kill", "wayloss", "redirect", "place", "pipedef", "playpipeline", "stoppipeline",
             "removepipeline", "routepipeline", "reqfullstats"}


# --- nodes -------------------------------------------------------------------------------------


def test_hello(scene):
    hello = scene.hello
    assert (hello.get("from"), hello.get("to"), hello.get("hops")) == ("relay1", "^", None)
    assert abs(int(hello.get("time")) - now()) < 60_000 * 5
    info = hello.find("info")
    assert info.findtext("name") == "relay1"
    server = info.find("minaServerAddress")
    assert (server.get("host"), server.get("port")) == ("127.0.0.1", "13780")
    client = info.find("minaClientAddress")
    assert client.get("host") == "127.0.0.1" and int(client.get("port")) > 0
    assert info.findtext("capacity") == "10000000000"
    port = info.find("ports/port")
    assert (port.get("name"), port.get("address"), port.get("mtu")) == (
        "wan", "10.0.0.1/24", "1400")
    assert list(info.find("pipelines")) == []


def test_the_root_gives_the_node_id(scene):
    assert scene.node.show("node")["id"] == 7


def test_ping_from_the_root(scene):
    scene.alive()


def test_children_are_told_of(scene, leaf):
    def told(*names):
        update = scene.root.expect("childsupdate", where=lambda m: sorted(
            c.get("name") for c in m.iter("child")) == sorted(names))
        assert update.findtext("numOfDescendants") == str(len(names))
        return {c.get("name"): c.get("parent") for c in update.iter("child")}

    assert told("leaf1") == {"leaf1": None}
    leaf.send("childsupdate", BODIES["childsupdate"])
    assert told("leaf1", "leaf2") == {"leaf1": None, "leaf2": "leaf1"}
    # Whom the root did not place there is not told of.
    leaf.send("childsupdate", '<numOfDescendants>2</numOfDescendants><children>'
              '<child name="leaf2"/><child name="leaf9"/></children>')
    assert told("leaf1", "leaf2") == {"leaf1": None, "leaf2": "leaf1"}
    leaf.send("bye")
    leaf.expect_closed()
    assert told() == {}


def test_a_node_that_is_not_placed_here(scene):
    before = scene.counters()
    stranger = scene.child("leaf9")
    stranger.expect_error(403)
    stranger.expect_closed()
    scene.counted("not_placed", before)


# --- both ways ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_down(scene, leaf, kind):
    """From the root through the node to its child, whole."""
    sender, body = "^", BODIES[kind]
    if kind == "hello":  # which the root never says; a node beyond it may
        sender, body = "elsewhere", HELLO.format(name="elsewhere")
    sent = ET.fromstring(scene.root.send(kind, body, to="leaf1", from_=sender))
    came = leaf.expect(kind, where=lambda m: m.get("id") == sent.get("id"))
    assert (came.get("from"), came.get("to"), came.get("hops")) == (sender, "leaf1", "1")
    assert came.get("time") == sent.get("time")
    assert same_body(came, sent)


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_up(scene, leaf, kind):
    """From a child, and one below it, to the root; what only the root may say is refused."""
    before = scene.counters()
    for sender in (None, "leaf2"):
        body = HELLO.format(name=sender or "leaf1") if kind == "hello" else BODIES[kind]
        text = leaf.send(kind, body, to="^", from_=sender)
        if kind in ROOT_ONLY:
            leaf.expect_error(403, request=text)
            continue
        sent = ET.fromstring(text)
        came = scene.root.expect(kind, where=lambda m, sent=sent: m.get("id") == sent.get("id"))
        assert (came.get("from"), came.get("hops")) == (sender or "leaf1", "1")
        assert same_body(came, sent)
    if kind in ROOT_ONLY:
        scene.counted("forbidden", before, 2)


def same_body(one, other):
    strip = [ET.canonicalize(ET.tostring(part), strip_text=True) for root in (one, other)
             for part in root]
    return strip[:len(one)] == strip[len(one):]


# What the node itself makes of each type that the root sends to it: an answer, or an error's code.
HANDLED = {
    "bye": None, "hello": None, "childsupdate": None, "error": None, "pong": None, "ping": "pong",
    "playpipeline": 404, "stoppipeline": 404, "congestion": None, "alert": None,
    "linkloss": 501, "wayloss": 404,
    "conflist": 501, "join": 501, "leave": 501,
}


@pytest.mark.parametrize("kind", sorted(HANDLED))
def test_to_the_node(scene, kind):
    sender, body = "^", BODIES[kind]
    if kind == "hello":
        sender, body = "elsewhere", HELLO.format(name="elsewhere")
    text = scene.root.send(kind, body, to="relay1", from_=sender)
    if HANDLED[kind] == "pong":
        scene.root.expect("pong")
    elif HANDLED[kind] is not None:
        error = scene.root.expect_error(HANDLED[kind], request=text)
        assert error.find("request").get("type") == kind
    scene.alive()


def test_which_pipelines_are_there(scene):
    text = scene.root.send("pipedefinfo", to="relay1")
    info = scene.root.expect("pipedefinfo")
    assert info.find("request").get("id") == ET.fromstring(text).get("id")
    assert info.findall("pipeline") == []


def test_everybody(scene, leaf):
    """`*` reaches the node and goes on down; only the root may say it."""
    text = scene.root.send("ping", to="*", from_="^")
    sent = ET.fromstring(text).get("id")
    assert leaf.expect("ping", where=lambda m: m.get("id") == sent).get("hops") == "1"
    scene.root.expect("pong", where=lambda m: m.find("request").get("id") == sent)
    before = scene.counters()
    leaf.expect_error(403, request=leaf.send("ping", to="*"))
    scene.counted("forbidden", before)


def test_between_children(scene, leaf):
    other = scene.child("leaf3")
    other.expect("ping")
    sent = ET.fromstring(leaf.send("ping", to="leaf3"))
    came = other.expect("ping", where=lambda m: m.get("id") == sent.get("id"))
    assert (came.get("from"), came.get("hops")) == ("leaf1", "1")
    other.close()


# --- what the root orders ----------------------------------------------------------------------

@pytest.fixture(scope="module")
def peers(scene):
    scene.root.send("place", placed(), to="relay1")
    until(lambda: sorted(link["id"] for link in scene.node.show("links")) == [2, 5], 5, "links")


def test_peers_of_the_place(scene, peers):
    links = {link["id"]: link for link in scene.node.show("links")}
    assert (links[2]["name"], links[5]["name"]) == ("two", "five")
    # Who is no longer named goes; who is wrong is told of, and the others stay.
    scene.root.send("place", placed(PEERS[:PEERS.index('<peer id="5"')] + "</peers>"), to="relay1")
    until(lambda: [link["id"] for link in scene.node.show("links")] == [2], 5, "one link")
    wrong = scene.root.send("place", placed(PEERS.replace("10.0.0.2", "10.0.0.1")), to="relay1")
    error = scene.root.expect_error(422, request=wrong)
    assert "10.0.0.1" in error.findtext("text")
    assert [link["id"] for link in scene.node.show("links")] == [2, 5]
    scene.root.send("place", placed(), to="relay1")
    scene.alive()


def test_peer_that_is_sent_to(scene, peers):
    """It stays until no session goes there any more."""
    ordered(scene, "pipedef", SOURCE, "playing")
    without = placed(PEERS.replace('<peer id="2" name="two" address="10.0.0.2" pacing="none"/>', ""))
    scene.root.send("place", without, to="relay1")
    scene.alive()
    assert [link["id"] for link in scene.node.show("links")] == [2, 5]
    ordered(scene, "routepipeline", SOURCE[:SOURCE.index("<name>")]
            + '<flow id="0" weight="1" path="5 &gt; 2"/></pipeline>', "playing")
    until(lambda: [link["id"] for link in scene.node.show("links")] == [5], 5, "it goes")
    ordered(scene, "removepipeline", PIPELINE, "removed")
    scene.root.send("place", placed(), to="relay1")
    scene.alive()


def test_source(scene, peers):
    defined = ordered(scene, "pipedef", SOURCE, "playing")
    assert defined.find("flow").get("path") == "2"
    before = scene.node.source(7, 2)
    assert before["state"] == "running"
    # The same again, as of a root that was away: nothing changes.
    ordered(scene, "pipedef", SOURCE, "playing")
    assert scene.node.source(7, 2)["epoch"] == before["epoch"]
    routed = ordered(scene, "routepipeline", SOURCE[:SOURCE.index("<name>")]
                     + '<flow id="0" weight="3" path="2"/><flow id="1" weight="1" '
                       'path="5 &gt; 2"/></pipeline>', "playing")
    assert [(f.get("weight"), f.get("path")) for f in routed.findall("flow")] == [
        ("3", "2"), ("1", "5 > 2")]
    assert scene.node.source(7, 2)["epoch"] == before["epoch"]
    ordered(scene, "stoppipeline", PIPELINE, "stopped")
    ordered(scene, "playpipeline", PIPELINE, "playing")
    assert scene.node.source(7, 2)["epoch"] == before["epoch"]
    # Another rate is another session.
    ordered(scene, "pipedef", SOURCE.replace("800000", "900000"), "playing")
    assert scene.node.source(7, 2)["limit_bps"] == 900000
    scene.root.send("pipedefinfo", to="relay1")
    info = scene.root.expect("pipedefinfo")
    # Its ids alone: as many as a node can have shall fit into what may wait for the root.
    assert [(dict(p.attrib), list(p)) for p in info.findall("pipeline")] == [
        ({"conference": "7", "session": "2"}, [])]
    ordered(scene, "removepipeline", PIPELINE, "removed")
    assert scene.node.show("sessions") == []
    scene.root.expect_error(404, request=scene.root.send("removepipeline", PIPELINE, to="relay1"))


def way_loss(loss, regained):
    return f'<way conference="7" session="2" loss="{loss}" regained="{regained}"/>'


def test_way_loss(scene, peers):
    """What the root says of a session's whole way: taken where it can be true and is of use."""
    ordered(scene, "pipedef", SOURCE.replace(
        "</rate>", '</rate><coding>{ repair = "adaptive"; }</coding>'), "playing")
    scene.root.send("wayloss", way_loss(90000, 50000), to="relay1")

    def taken():
        coding = scene.node.source(7, 2)["coding"]
        return (coding["way_loss"], coding["way_regained"])

    until(lambda: taken() == (0.09, 0.05), 5, lambda: f"it is taken: {taken()}")
    wrong = scene.root.send("wayloss", way_loss(90000, 90001), to="relay1")
    assert "regained is 90001" in scene.root.expect_error(422, request=wrong).findtext("text")
    assert taken() == (0.09, 0.05)
    ordered(scene, "pipedef", SOURCE, "playing")
    scene.root.expect_error(
        409, request=scene.root.send("wayloss", way_loss(90000, 0), to="relay1"))
    ordered(scene, "removepipeline", PIPELINE, "removed")


def test_relay_and_destination(scene, peers):
    ordered(scene, "pipedef", RELAY, "forwarding", 3)
    ordered(scene, "pipedef", END, "defined", 4)
    assert scene.node.destination(7, 4)["egress"] == "udp 10.0.0.9:6000"
    ordered(scene, "playpipeline", PIPELINE.replace('"2"', '"4"'), "defined", 4)
    # Asked, it tells of both: the root takes away what it no longer knows.
    scene.root.send("pipedefinfo", to="relay1")
    told = scene.root.expect("pipedefinfo").findall("pipeline")
    assert [p.get("session") for p in told] == ["4", "3"]
    for session in (3, 4):
        ordered(scene, "removepipeline", PIPELINE.replace('"2"', f'"{session}"'), "removed",
                session)


@pytest.mark.parametrize("wrong, code", [
    (SOURCE.replace('path="2"', 'path="9 &gt; 2"'), 422),
    (SOURCE.replace('path="2"', 'path="2 &gt;"'), 422),
    (SOURCE.replace("500", "100000"), 422),
    (SOURCE.replace("<name>cam", '<coding>"; source = 3</coding><name>cam'), 422),
    (END.replace("10.0.0.9", "no address"), 422),
])
def test_orders_that_are_mistakes(scene, peers, wrong, code):
    before = scene.node.show("sessions")
    scene.root.expect_error(code, request=scene.root.send("pipedef", wrong, to="relay1"))
    assert scene.node.show("sessions") == before == []


def test_orders_about_nothing(scene):
    for kind in ("playpipeline", "stoppipeline", "routepipeline"):
        body = ROUTE if kind == "routepipeline" else PIPELINE
        scene.root.expect_error(404, request=scene.root.send(kind, body, to="relay1"))


# --- the tree changes: the last tests, as they leave another one -------------------------------


def test_placed_elsewhere(scene, leaf):
    """A child that the root places elsewhere is let go."""
    scene.root.send("place", PLACE.format(id=7, below='<node name="leaf3"/>'), to="relay1")
    leaf.expect_error(403)
    leaf.expect_closed()
    scene.root.send("place", PLACE.format(id=7, below=BELOW), to="relay1")
    scene.alive()


def test_redirect_and_back(scene):
    """To another parent, and when that goes, back to the root."""
    parent = Listener(scene.namespace, ("127.0.0.1", 0), tls(scene.good, "leaf9", True))
    scene.root.send("redirect", '<parent name="leaf9" host="127.0.0.1" port="%u"/>'
                    % parent.address[1], to="relay1")
    scene.root.expect_closed()
    above, name = parent.accept()
    assert name == "relay1"
    assert above.expect("hello").get("to") == "^"
    above.send("ping", to="relay1", from_="^")
    above.expect("pong", where=lambda m: m.get("to") == "^")
    parent.close()
    above.close()
    scene.join()
    scene.alive()


def test_a_root_that_always_redirects(scene):
    """It is obeyed, but not ever again at once: 0.1, 0.2, 0.4 and 0.8 s after the first three."""
    began = time.monotonic()
    for _ in range(7):
        scene.root.send("redirect", '<parent name="leaf9" host="127.0.0.1" port="9"/>', to="relay1")
        scene.root.close()
        scene.join(place=False)
    assert time.monotonic() - began > 1.5 + 7 * 0.1


def test_root_away(scene):
    """The node runs on, keeps its children, and joins again soon."""
    leaf = scene.child()
    leaf.expect("ping")
    address = scene.listener.address
    scene.listener.close()
    scene.root.close()
    time.sleep(1)
    leaf.send("ping")
    leaf.expect("pong")
    assert scene.node.show("management")["parent"] is None
    scene.listener = Listener(scene.namespace, address, tls(scene.good, "root", True))
    begin = time.monotonic()
    scene.join()
    assert time.monotonic() - begin < 5 * management.PATIENCE
    update = scene.root.expect("childsupdate")
    assert [child.get("name") for child in update.iter("child")] == ["leaf1"]
    leaf.close()


def test_another_node_id(scene):
    text = scene.root.send("place", PLACE.format(id=8, below=BELOW), to="relay1")
    scene.root.expect_error(409, request=text)
    assert scene.node.show("node")["id"] == 7


def valid_until(path):
    """As `show management` says it."""
    done = subprocess.run(["openssl", "x509", "-noout", "-enddate", "-in", path],
                          capture_output=True, text=True, check=True)
    end = time.strptime(done.stdout.strip(), "notAfter=%b %d %H:%M:%S %Y GMT")
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", end)


def test_renewed_certificate(scene):
    """It is used, and shown, by the node that runs."""
    before = valid_until(scene.good / "relay1.pem")
    assert scene.node.show("management")["certificate_until"] == before
    fresh = scene.directory / "fresh"
    fresh.mkdir()
    for name in ("authority.pem", "authority.key"):
        shutil.copy(scene.good / name, fresh)
    subprocess.run([FERRYCTL, "ca", fresh, "relay1"], check=True)
    after = valid_until(fresh / "relay1.pem")
    assert after != before
    for name in ("relay1.pem", "relay1.key"):
        (fresh / name).rename(scene.good / name)
    until(lambda: scene.node.show("management")["certificate_until"] == after, 20, "it is read")
    scene.root.close()
    scene.join()


def test_impostor(scene):
    """Who has the root's address, but not its certificate, is no root."""
    before = scene.counters()
    address = scene.listener.address
    scene.listener.close()
    scene.root.close()
    impostor = Listener(scene.namespace, address, tls(scene.good, "leaf9", True))
    connection, _ = impostor.accept()
    connection.expect_closed()
    impostor.close()
    scene.counted("wrong_certificate", before)
    scene.listener = Listener(scene.namespace, address, tls(scene.good, "root", True))
    scene.join()


def test_kill(scene):
    scene.root.send("kill", BODIES["kill"], to="relay1")
    bye = scene.root.expect("bye")
    assert (bye.get("from"), bye.get("to")) == ("relay1", "^")
    assert scene.node.wait() == 0


def test_all_of_it_is_valid(tmp_path):
    """Every message that was sent or received in these tests, by the schema."""
    expect_valid(tmp_path, 100)
