# SPDX-License-Identifier: BSD-3-Clause
"""The stage of the management protocol's tests: a running node, its root and children played by the
test, each type of message with a body that is right. A test module imports `scene` and `leaf`."""

import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest
from harness import management
from harness.management import HELLO, Listener, connect, tls
from harness.netns import Namespace, missing
from harness.node import BUILD, PATIENCE, ROOT, Node, until

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
    "linkloss": '<links><to peer="3" loss="9803"/><from peer="2" loss="0"/></links>',
    "wayloss": '<way conference="7" session="2" loss="97500" regained="50000"/>',
    "conflist": f'{REQUEST}<conferences><conference id="7" name="talk" start="1346596951000">'
                '<participant name="leaf1"/></conference></conferences>',
    "join": "<conference>7</conference>",
    "leave": "<conference>7</conference><node>leaf1</node>",
}

# What the root orders: two peers, and sessions of conference 7.
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
            "node": {"id": 7, "name": "relay1", "drain": 100, "capacity": {"peers": 40}},
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


def expect_valid(directory, least):
    """Every message that was sent or received so far, by the schema; at least so many."""
    if shutil.which("xmllint") is None:
        pytest.skip("needs xmllint")
    files = []
    for number, text in enumerate(dict.fromkeys(management.transcript)):
        files.append(directory / f"{number}.xml")
        files[-1].write_text(text)
    assert len(files) > least
    done = subprocess.run(["xmllint", "--noout", "--relaxng", SCHEMA, *files],
                          capture_output=True, text=True, timeout=120 * PATIENCE)
    wrong = [line for line in done.stderr.splitlines() if not line.endswith(" validates")]
    assert done.returncode == 0 and not wrong, wrong[:5]
