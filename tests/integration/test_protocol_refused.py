#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a running node refuses of the management protocol, whatever a stranger, or a node gone
wrong, may send: each by its name, counted, and the node runs on."""

import ssl
import struct
import threading
import time
import xml.etree.ElementTree as ET

import pytest
from harness.management import HELLO, Closed, connect, frame, message, now, tls
from harness.node import PATIENCE, until
from protocol_scene import BODIES, MANAGED, expect_valid, leaf, scene  # noqa: F401

VALUE = ("<statsContainer><startTime>1</startTime><endTime>2</endTime><numOfChildren>0"
         "</numOfChildren><id>5</id><statArray><DBValue><name>owd</name><value>{}</value></DBValue></statArray>"
         "</statsContainer>")


def large_stats(size, **header):
    """A message of exactly so many bytes."""
    def text(*values):
        return message("stats", "<statsContainers>" + "".join(
            VALUE.format("9" * value) for value in values) + "</statsContainers>", **header)

    one = len(VALUE.format("")) + 10_000
    count = (size - len(text())) // one - 1
    rest = size - len(text(*[10_000] * count)) - len(VALUE.format(""))
    return text(*[10_000] * count, rest // 2, rest - rest // 2 - len(VALUE.format("")))


# --- refused -----------------------------------------------------------------------------------


def test_nobody_of_that_name(scene, leaf):
    """What is neither below nor above the root's own end would answer; from above there is none."""
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


@pytest.mark.parametrize("kind,body", [
    ("alert", BODIES["alert"]), ("congestion", BODIES["congestion"]), ("pipedefinfo", "")])
def test_as_the_root(scene, leaf, kind, body):
    """A node tells whoever follows, or all its sessions, to the root alone."""
    leaf.expect_error(403, request=leaf.send(kind, body, to="relay1"))
    scene.root.expect_error(403, request=scene.root.send(
        kind, body, to="relay1", from_="elsewhere"))
    assert "the root tells" not in scene.node.log()
    scene.alive()


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


def test_clock_of_the_parent(scene):
    """It is told, and when it is right again the node introduces itself: its hello was refused."""
    scene.root.send("ping", to="relay1", at=now() - 3_600_500)
    until(lambda: "what ^ says (ping) is 3600 s behind our clock" in scene.node.log(), 5, "it is told")
    scene.root.send("ping", to="relay1")
    assert scene.root.expect("hello").find("info").findtext("name") == "relay1"
    assert "the clock of ^ agrees with ours again" in scene.node.log()


def test_hello_of_the_original_system(scene, leaf):
    """Taken as that system wrote it, when it is sent; its example is of 2013, and by now too old."""
    before = scene.counters()
    example = ('<message type="hello" to="^" time="{}"><info><name>leaf1</name><minaServerAddress '
               'host="198.51.100.199" port="14982"/><minaClientAddress host="198.51.100.134" '
               'port="12054"/><pipelines/></info></message>')
    text = leaf.send_text(example.format(1367231998886))
    leaf.expect_error(410, request=text)
    scene.counted("old", before)
    sent = ET.fromstring(leaf.send_text(example.format(now())))
    came = scene.root.expect("hello", where=lambda m: m.get("time") == sent.get("time"))
    assert (came.get("from"), came.get("hops")) == ("leaf1", "1")
    assert came.find("info").findtext("name") == "leaf1"


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


def test_hops_to_everybody(scene, leaf):
    """The node takes it, and says that those below it do not get it, if there are any."""
    before = scene.counters()
    scene.root.send("ping", to="*", hops=31)
    assert leaf.expect("ping", where=lambda m: m.get("from") == "^").get("hops") == "32"
    text = scene.root.send("ping", to="*", hops=32)
    scene.root.expect_error(508, request=text)
    last = ET.fromstring(scene.root.send("ping", to="*"))
    assert leaf.expect("ping", where=lambda m: m.get("from") == "^").get("id") == last.get("id")
    scene.counted("looped", before)
    assert scene.counters()["looped"] == before["looped"] + 1


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
    assert worst < 1 * PATIENCE
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
    """A child that takes nothing for long is closed; its neighbour notices nothing but a refusal."""
    before = scene.counters()
    stuck, other = scene.child(), scene.child("leaf3")
    for number in range(40):
        other.send_bytes(frame(large_stats(500_000, id=f"stuck{number}", to="leaf1", at=now())))
    assert other.expect("error").findtext("code") == "429"
    other.send("ping")
    other.expect("pong", where=lambda m: True)
    scene.counted("full", before)
    begin = time.monotonic()
    while scene.counters()["stuck"] == before["stuck"]:
        assert time.monotonic() - begin < 15 * PATIENCE
        stuck.send("ping")  # it is there, but does not read
        other.send("ping")
        time.sleep(0.5)
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


def test_all_of_it_is_valid(tmp_path):
    """Every message that was sent or received in these tests, by the schema."""
    expect_valid(tmp_path, 50)
