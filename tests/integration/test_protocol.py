#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The management protocol of a running node, by a root, a parent and children that know nothing of
Ferry but the protocol's description: each type of message both ways, and whatever a stranger, or a
node gone wrong, may send."""

import pathlib
import shutil
import ssl
import struct
import subprocess
import threading
import time
import xml.etree.ElementTree as ET

import pytest
from harness import management
from harness.management import HELLO, Closed, Listener, connect, frame, message, now, tls
from harness.netns import Namespace, missing
from harness.node import BUILD, ROOT, Node, until

if missing():
    pytest.skip(missing(), allow_module_level=True)

FERRYCTL = BUILD / "control" / "ferryctl"
SCHEMA = ROOT / "control" / "message" / "ferry-message.rng"
MANAGED = ("127.0.0.1", 13780)
REQUEST = '<request time="1700000000001" type="pipedef" id="r:7"/>'
PIPELINE = '<pipeline conference="7" session="2"/>'
ROUTE = ('<pipeline conference="7" session="2"><flow id="0" weight="1" path="5 &gt; 3"/>'
         '</pipeline>')
STATS = ("<statsContainers><statsContainer><startTime>1368548254</startTime>\n"
         "<endTime>1368548879</endTime><numOfChildren>3</numOfChildren><id>1234567</id><statArray>"
         "<DBValue><name>injitter</name><value>255.3</value></DBValue><DBValue><name>cumpktlost"
         "</name><value>12</value></DBValue></statArray></statsContainer></statsContainers>")
CONGESTION = ("<congestion><peer>3</peer><conference>7</conference><session>2</session>"
              "<queuePackets>9</queuePackets><queueBytes>900</queueBytes><drops>1</drops>"
              "</congestion>")
PLACE = ('<place><nodeid>{id}</nodeid><role>relay</role><parent name="^"/><peers/><below>{below}'
         '</below></place>')
BELOW = ('<node name="leaf1"/><node name="leaf2" parent="leaf1"/><node name="leaf3"/>')

# Each type with a body that is right.
BODIES = {
    "hello": HELLO.format(name="leaf1"),
    "bye": "<reason>it ends</reason>",
    "childsupdate": '<numOfDescendants>1</numOfDescendants><children><child name="leaf2"/>'
                    "</children>",
    "error": f"<code>404</code><text>no such thing</text>{REQUEST}",
    "kill": "<reason>enough</reason>",
    "ping": "",
    "pong": REQUEST,
    "redirect": '<parent name="leaf9" host="127.0.0.1" port="9"/>',
    "pipedef": ROUTE,
    "pipedefinfo": REQUEST + PIPELINE,
    "playpipeline": PIPELINE,
    "stoppipeline": PIPELINE,
    "removepipeline": PIPELINE,
    "routepipeline": ROUTE,
    "stats": STATS,
    "reqfullstats": "<pipeid>1234567</pipeid>",
    "fullstats": f"<xmlDb>{STATS}</xmlDb><endTime>1368548880</endTime>",
    "place": PLACE.format(id=9, below=""),
    "congestion": CONGESTION,
    "alert": "<alert><node>leaf1</node><name>fraclost</name><level>danger</level>"
             "<value>0.5</value><threshold>0.25</threshold></alert>",
    "conflist": f'{REQUEST}<conferences><conference id="7" name="talk" start="1346596951000">'
                '<participant name="leaf1"/></conference></conferences>',
    "join": "<conference>7</conference>",
    "leave": "<conference>7</conference><node>leaf1</node>",
}
VALUE = ("<statsContainer><startTime>1</startTime><endTime>2</endTime><numOfChildren>0</numOfChildren>"
         "<id>5</id><statArray><DBValue><name>owd</name><value>{}</value></DBValue></statArray>"
         "</statsContainer>")
ROOT_ONLY = {"kill", "redirect", "place", "pipedef", "playpipeline", "stoppipeline",
             "removepipeline", "routepipeline", "reqfullstats"}


def large_stats(size, **header):
    """A message of exactly so many bytes."""
    def text(*values):
        return message("stats", "<statsContainers>" + "".join(
            VALUE.format("9" * value) for value in values) + "</statsContainers>", **header)

    one = len(VALUE.format("")) + 10_000
    count = (size - len(text())) // one - 1
    rest = size - len(text(*[10_000] * count)) - len(VALUE.format(""))
    return text(*[10_000] * count, rest // 2, rest - rest // 2 - len(VALUE.format("")))


class Scene:
    """A node below a root that the test plays."""

    def __init__(self, directory):
        self.directory = directory
        self.namespace = Namespace("mgmt")
        self.good, self.other = directory / "good", directory / "other"
        for at in (self.good, self.other):
            subprocess.run([FERRYCTL, "ca", at, "relay1", "leaf1", "leaf2", "leaf3", "leaf9"],
                           check=True)
        self.listener = Listener(self.namespace, ("127.0.0.1", 0), tls(self.good, "root", True))
        files = {"certificate": "relay1.pem", "key": "relay1.key", "authority": "authority.pem"}
        self.node = Node(self.namespace, {
            "node": {"id": 7, "name": "relay1", "drain": 100},
            "ports": [{"name": "wan", "device": "net_null0", "addresses": ["10.0.0.1/24"],
                       "mtu": 1400}],
            "management": {
                "root": "%s:%u" % self.listener.address, "address": "%s:%u" % MANAGED,
                "capacity": "10G", "dead_ms": 120000,
                **{key: str(self.good / name) for key, name in files.items()}},
        })
        # A node whose file says only what it alone can know.
        del self.node.config["node"]["id"]
        self.node.write_config()
        self.root = None

    def join(self, below=BELOW, place=True):
        """The node connects to the root, and gets its place."""
        self.root, name = self.listener.accept(20)
        assert name == "relay1"
        hello = self.root.expect("hello")
        if place:
            self.root.send("place", PLACE.format(id=7, below=below), to="relay1")
        return hello

    def child(self, name="leaf1", directory=None):
        return connect(self.namespace, MANAGED, tls(directory or self.good, name, False))

    def counters(self):
        shown = self.node.show("management")
        return {row["counter"]: row["count"] for row in shown["counters"]}

    def counted(self, name, before, more=1):
        until(lambda: self.counters()[name] >= before[name] + more, 5, f"{name} is counted")

    def alive(self):
        """The node still answers its root."""
        asked = self.root.send("ping", to="relay1")
        sent = ET.fromstring(asked)
        pong = self.root.expect(
            "pong", where=lambda m: m.find("request").get("id") == sent.get("id"))
        assert pong.find("request").get("time") == sent.get("time")
        assert (pong.get("from"), pong.get("to")) == ("relay1", "^")


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    scene = Scene(tmp_path_factory.mktemp("protocol"))
    scene.node.start(wait=False)
    scene.hello = scene.join()
    scene.node.wait_ready()
    yield scene
    scene.node.delete()
    scene.namespace.delete()


@pytest.fixture
def leaf(scene):
    """A child that is placed below the node."""
    connection = scene.child()
    connection.expect("ping")
    yield connection
    connection.close()


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

PEERS = ('<peers><peer id="2" name="two" address="10.0.0.2" pacing="none"/>'
         '<peer id="5" name="five" address="10.0.0.5" port="wan" udpport="14000"/></peers>')
SOURCE = ('<pipeline conference="7" session="2"><name>cam</name><conferenceName>talk'
          '</conferenceName><source>7</source><rate>800000</rate><priority>5</priority>'
          '<weight>2</weight><play>true</play><destination node="2"/>'
          '<flow id="0" weight="1" path="2"/><ingress><kind>generator</kind><generator>constant'
          '</generator><size>500</size></ingress><egress node="2" kind="sink"/></pipeline>')
RELAY = '<pipeline conference="7" session="3"><source>2</source></pipeline>'
END = ('<pipeline conference="7" session="4"><source>5</source><destination node="7"/>'
       '<flow id="0" weight="1" path="7"/><ingress><kind>udp</kind><address>10.5.0.1</address>'
       '<port>5004</port></ingress>'
       '<egress node="7" kind="udp" address="10.0.0.9" port="6000"/></pipeline>')


def placed(peers=PEERS):
    return PLACE.format(id=7, below=BELOW).replace("<peers/>", peers)


def ordered(scene, kind, body, state, session=2):
    """An order that is carried out: answered by the session as it then is."""
    sent = ET.fromstring(scene.root.send(kind, body, to="relay1"))
    info = scene.root.expect("pipedefinfo")
    assert {key: info.find("request").get(key) for key in ("type", "time", "id")} == {
        "type": kind, "time": sent.get("time"), "id": sent.get("id")}
    pipeline, = info.findall("pipeline")
    assert (pipeline.get("conference"), pipeline.get("session")) == ("7", str(session))
    assert pipeline.findtext("state") == state
    return pipeline


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
    assert scene.node.source(7, 2)["rate_limit_bps"] == 900000
    scene.root.send("pipedefinfo", to="relay1")
    info = scene.root.expect("pipedefinfo")
    assert [p.findtext("name") for p in info.findall("pipeline")] == ["cam"]
    ordered(scene, "removepipeline", PIPELINE, "removed")
    assert scene.node.show("sessions") == []
    scene.root.expect_error(404, request=scene.root.send("removepipeline", PIPELINE, to="relay1"))


def test_relay_and_destination(scene, peers):
    ordered(scene, "pipedef", RELAY, "forwarding", 3)
    ordered(scene, "pipedef", END, "defined", 4)
    assert scene.node.destination(7, 4)["egress"] == "udp 10.0.0.9:6000"
    ordered(scene, "playpipeline", PIPELINE.replace('"2"', '"4"'), "defined", 4)
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


# --- refused -----------------------------------------------------------------------------------


def test_nobody_of_that_name(scene, leaf):
    """What is neither below nor above the root's own end would answer; from above there is no way."""
    before = scene.counters()
    text = scene.root.send("ping", to="nobody", from_="^")
    scene.root.expect_error(404, request=text)
    scene.counted("unknown_node", before)
    # Never back where it came from: leaf2 is below leaf1.
    text = leaf.send("ping", to="leaf2")
    leaf.expect_error(404, request=text)


@pytest.mark.parametrize("sender", ["^", "relay1", "leaf3", "leaf9"])
def test_wrong_from(scene, leaf, sender):
    before = scene.counters()
    leaf.expect_error(403, request=leaf.send("ping", to="^", from_=sender))
    scene.counted("wrong_from", before)


def test_wrong_from_above(scene):
    """A parent speaks as ^ or as a node that is not below."""
    before = scene.counters()
    for sender in ("leaf1", "leaf2", "relay1"):
        scene.root.expect_error(403, request=scene.root.send("ping", to="relay1", from_=sender))
    scene.counted("wrong_from", before, 3)
    scene.root.send("ping", to="relay1", from_="elsewhere")
    scene.root.expect("pong", where=lambda m: m.get("to") == "elsewhere")
    scene.root.expect_error(403, request=scene.root.send("kill", to="relay1", from_="elsewhere"))


def test_hello_in_another_name(scene, leaf):
    before = scene.counters()
    leaf.expect_error(403, request=leaf.send("hello", HELLO.format(name="leaf3"), to="^"))
    scene.counted("wrong_from", before)


def test_old_and_ahead(scene, leaf):
    before = scene.counters()
    for off in (-301_000, 310_000):
        leaf.expect_error(410, request=leaf.send("ping", at=now() + off))
    leaf.send("ping", at=now() - 290_000)
    leaf.expect("pong")
    scene.counted("old", before, 2)


def test_replayed(scene, leaf):
    before = scene.counters()
    with_id = leaf.send("ping")
    leaf.expect("pong")
    without_id = leaf.send("ping", id=None, at=now())
    leaf.expect("pong")
    for text in (with_id, without_id):
        leaf.send_text(text)
        leaf.expect_error(425, request=text)
    # The same on another connection of the same node.
    again = scene.child()
    again.send_text(with_id)
    again.expect_error(425, request=with_id)
    again.close()
    scene.counted("replayed", before, 3)


def test_hops(scene, leaf):
    before = scene.counters()
    sent = ET.fromstring(leaf.send("join", BODIES["join"], to="^", hops=31))
    assert scene.root.expect(
        "join", where=lambda m: m.get("id") == sent.get("id")).get("hops") == "32"
    for hops in (32, 33):
        text = leaf.send("join", BODIES["join"], to="^", hops=hops)
        leaf.expect_error(508, request=text)
    scene.counted("looped", before, 2)


def test_unknown_type(scene, leaf):
    before = scene.counters()
    management_text = message("helo", id="x")
    leaf.send_bytes(frame(management_text))
    leaf.expect_error(501, request=management_text)
    scene.counted("unsupported", before)


LAUGHS = ("<!DOCTYPE m [<!ENTITY a0 \"ha\">" + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)) + "]>")
MALFORMED = {
    "no XML": "hello",
    "not closed": "<message type='ping' time='1'>",
    "two roots": message("ping") * 2,
    "no UTF-8": b"<message type='ping' time='1' id='\xff'/>",
    "UTF-16": message("ping").encode("utf-16"),
    "another element": "<massage/>",
    "no time": "<message type='ping'/>",
    "a body that is not one": message("hello", "<info/>"),
    "text beside elements": message("hello", "x" + BODIES["hello"]),
    "billion laughs": LAUGHS + message("error", "<code>400</code><text>&a9;</text>"),
    "external entity": '<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
                       + message("error", "<code>400</code><text>&x;</text>"),
    "external subset": '<!DOCTYPE m SYSTEM "http://127.0.0.1:1/m.dtd">' + message("ping"),
    "unknown entity": message("error", "<code>400</code><text>&nbsp;</text>"),
    "deep": "<a>" * 5000,
    "many attributes": "<message " + " ".join(f"a{n}='1'" for n in range(5000)) + "/>",
    "many elements": "<a>" + "<b/>" * 200_000 + "</a>",
    "long text": message("error", f"<code>400</code><text>{'x' * 1_000_000}</text>"),
    "name spaces": '<message xmlns="urn:x" type="ping" time="1"/>',
    "instruction": "<?run x?>" + message("ping"),
    "a byte 0": message("ping") + "\0",
}


@pytest.mark.parametrize("what", sorted(MALFORMED))
def test_malformed(scene, leaf, what):
    before = scene.counters()
    leaf.send_bytes(frame(MALFORMED[what]))
    leaf.expect_error(400)
    leaf.expect_closed()
    scene.counted("malformed", before)
    scene.alive()


@pytest.mark.parametrize("length", [1048577, 0x7fffffff, 0xffffffff])
def test_oversized(scene, leaf, length):
    before = scene.counters()
    leaf.send_bytes(struct.pack("!I", length) + b"<message")
    leaf.expect_error(413)
    leaf.expect_closed()
    scene.counted("oversized", before)


@pytest.mark.parametrize("length", [0, 3, 4])
def test_undersized(scene, leaf, length):
    before = scene.counters()
    leaf.send_bytes(struct.pack("!I", length))
    leaf.expect_error(400)
    leaf.expect_closed()
    scene.counted("undersized", before)


def test_largest(scene, leaf):
    """Exactly 1 MiB is taken."""
    text = large_stats(1048576 - 4, id="large", at=now())
    assert len(frame(text)) == 1048576
    before = scene.counters()
    leaf.send_bytes(frame(text))
    leaf.send("ping")
    leaf.expect("pong", 10)
    after = scene.counters()
    assert after["malformed"] == before["malformed"]
    assert after["oversized"] == before["oversized"]


def test_truncated(scene, leaf):
    before = scene.counters()
    leaf.send_bytes(frame(message("ping"))[:20])
    leaf.close()
    scene.counted("truncated", before)


def test_slow_drip(scene):
    """One byte now and then keeps nobody waiting, and ends. At once: one within a message, one that
    does not even shake hands."""
    before = scene.counters()
    slow, silent = scene.child(), connect(scene.namespace, MANAGED)
    ended = threading.Event()

    def drip():
        try:
            for byte in frame(message("ping")):
                slow.send_bytes(bytes([byte]))
                if ended.wait(0.2):
                    return
        except Closed:
            return

    dripping = threading.Thread(target=drip)
    dripping.start()
    other = scene.child("leaf3")
    begin, worst = time.monotonic(), 0
    while time.monotonic() - begin < 4:
        asked = time.monotonic()
        other.send("ping")
        other.expect("pong")
        worst = max(worst, time.monotonic() - asked)
        time.sleep(0.1)
    assert worst < 1
    silent.expect_closed(8)
    error = slow.next(12)  # nothing may be said in between
    while error.get("type") == "ping":
        error = slow.next(12)
    assert error.findtext("code") == "408"
    slow.expect_closed()
    ended.set()
    dripping.join()
    other.close()
    scene.counted("slow", before)
    scene.counted("handshake_slow", before)


def test_stuck(scene):
    """A child that takes nothing is closed; its neighbour notices nothing."""
    before = scene.counters()
    stuck, other = scene.child(), scene.child("leaf3")
    for number in range(40):
        other.send_bytes(frame(large_stats(500_000, id=f"stuck{number}", to="leaf1", at=now())))
    other.send("ping")
    other.expect("pong", where=lambda m: True)
    scene.counted("stuck", before)
    stuck.close()
    other.close()
    scene.alive()


# --- certificates ------------------------------------------------------------------------------


def refused(scene, context):
    """A refused certificate shows at the latest at the first read."""
    with pytest.raises(Closed):
        connection = connect(scene.namespace, MANAGED, context)
        connection.send("ping")
        while True:
            assert connection.next().get("type") == "nothing"


def test_certificate_of_another_authority(scene):
    before = scene.counters()
    context = tls(scene.good, None, False)
    context.load_cert_chain(scene.other / "leaf1.pem", scene.other / "leaf1.key")
    refused(scene, context)
    scene.counted("handshake_failed", before)


def test_no_certificate(scene):
    before = scene.counters()
    refused(scene, tls(scene.good, None, False))
    scene.counted("handshake_failed", before)


def test_tls_1_2(scene):
    before = scene.counters()
    context = tls(scene.good, "leaf1", False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    refused(scene, context)
    scene.counted("handshake_failed", before)


def test_no_tls(scene):
    before = scene.counters()
    plain = connect(scene.namespace, MANAGED)
    plain.send("hello", BODIES["hello"])
    plain.expect_closed()
    scene.counted("handshake_failed", before)


@pytest.mark.parametrize("name", ["root", "relay1"])
def test_certificate_of_nobody_below(scene, name):
    before = scene.counters()
    with pytest.raises(Closed):
        connection = scene.child(name)
        connection.send("ping")
        connection.next()
    scene.counted("wrong_certificate", before)


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


def test_root_away(scene):
    """The node runs on, keeps its children, and joins again within 3 s."""
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
    assert time.monotonic() - begin < 3 * management.PATIENCE
    update = scene.root.expect("childsupdate")
    assert [child.get("name") for child in update.iter("child")] == ["leaf1"]
    leaf.close()


def test_another_node_id(scene):
    text = scene.root.send("place", PLACE.format(id=8, below=BELOW), to="relay1")
    scene.root.expect_error(409, request=text)
    assert scene.node.show("node")["id"] == 7


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


@pytest.mark.skipif(shutil.which("xmllint") is None, reason="needs xmllint")
def test_all_of_it_is_valid(tmp_path):
    """Every message that was sent or received in these tests, by the schema."""
    files = []
    for number, text in enumerate(dict.fromkeys(management.transcript)):
        files.append(tmp_path / f"{number}.xml")
        files[-1].write_text(text)
    assert len(files) > 100
    done = subprocess.run(["xmllint", "--noout", "--relaxng", SCHEMA, *files],
                          capture_output=True, text=True, timeout=120)
    wrong = [line for line in done.stderr.splitlines() if not line.endswith(" validates")]
    assert done.returncode == 0 and not wrong, wrong[:5]
