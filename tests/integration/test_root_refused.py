# SPDX-License-Identifier: BSD-3-Clause
"""What ferry-root does not take from a node that has gone wrong: what it says of others."""

import re
import time

from harness.fake_node import FakeNode
from harness.node import until
from test_root_protocol import STREAM, network, stats  # noqa: F401


def congestion(node=None, session=1):
    named = f"<node>{node}</node>" if node else ""
    return (f"<congestion>{named}<peer>4</peer><conference>1</conference><session>{session}</session>"
            "<queuePackets>64</queuePackets><queueBytes>64000</queueBytes><drops>9</drops>"
            "</congestion>")


def refused(node, kind, body, code):
    node.send(kind, body)
    assert node.wait("error").body.findtext("code") == str(code)


def events(network, kind):
    return [event for event in network.program.ctl("events") if event["event"] == kind]


def test_congestion_of_others(network):
    """Only who is on the session's way tells of its queues, and only of its own."""
    a, b, c, d = network.all()
    network.wait_states(a="playing", b="defined", d="defined")
    refused(c, "congestion", congestion(), 403)
    refused(d, "congestion", congestion("b"), 403)
    refused(d, "congestion", congestion(session=2), 403)
    b.send("congestion", congestion("b"))
    assert a.wait("congestion").body.find("congestion").findtext("node") == "b"
    assert d.wait("congestion").body.find("congestion").findtext("node") == "b"
    assert [event["node"] for event in events(network, "congestion")] == ["b"]
    assert not c.told("congestion") and len(a.told("congestion")) == 1


def test_congestion_all_the_time(network):
    """All on the way are told of each: a few within a second are enough."""
    a, b, _, d = network.all()
    network.wait_states(a="playing", b="defined", d="defined")
    for _ in range(30):
        b.send("congestion", congestion())
    until(lambda: len(d.told("congestion")) == 4 == len(a.told("congestion")), 3, "four of them")
    assert len(events(network, "congestion")) == 4
    time.sleep(1)
    b.send("congestion", congestion())
    until(lambda: len(d.told("congestion")) == 5, 3, "one more")
    # Nobody did wrong: those that were left out are counted, and no error came.
    assert [event["untold"] for event in events(network, "congestion")] == [0, 0, 0, 0, 26]
    assert not b.told("error")


def test_node_without_a_place(network):
    """What it says is no event, but that it has no place, once."""
    full = "<xmlDb>" + stats({"rate": 7}) + "</xmlDb><endTime>1368548879</endTime>"
    stranger = network.node("stranger")
    assert stranger.wait("error").body.findtext("code") == "404"
    for i in range(3):
        stranger.hello()
        assert stranger.wait("error").body.findtext("code") == "404"
        stranger.send("error", f"<code>500</code><text>number {i}</text><request time='1'/>")
        stranger.send("linkloss", "<links><to peer='1' loss='70'/></links>")
        stranger.update()
        refused(stranger, "fullstats", full, 404)
    assert len(events(network, "node_unplaced")) == 1
    assert events(network, "node_error") == []


def test_more_than_a_hello_says(network):
    """A node with so many streams that its hello has not all of them is asked for all, at once."""
    c = network.node("c", streams=[(7 << 32) + number for number in range(1, 20001)])
    c.wait("removepipeline", seconds=10)
    kinds = [message.type for _, message in c.log]
    assert "pipedefinfo" in kinds[:kinds.index("removepipeline")]


def test_more_than_a_conflist_says(network):
    """No message holds so many conferences: who asks is told, and may ask for less."""
    program = network.program
    a = network.node("a")
    a.wait("place")
    program.config["conferences"] += [
        {"id": number, "name": f"{number:031}", "participants": [1, 2, 3, 4], "sessions": []}
        for number in range(2, 9001)]
    program.write_config()
    program.ctl("reload")
    refused(a, "conflist", "", 413)
    a.send("join", "<conference>7</conference>")
    assert a.wait("conflist").body.find("conferences") is not None


def test_alert_of_a_node(network):
    d = network.node("d")
    d.wait("place")
    refused(d, "alert", "<alert><node>a</node><name>fraclost</name><level>danger</level>"
            "<value>0.5</value><threshold>0.25</threshold></alert>", 403)
    assert events(network, "alert") == []


def test_worst_node_elsewhere(network):
    """Who names a node that is not below it is the one that is told of, and asked."""
    network.program.config["thresholds"] = [{"name": "fraclost", "warning": 0.01, "danger": 0.05}]
    network.program.write_config()
    network.program.ctl("reload")
    a, d = network.node("a"), network.node("d")
    a.wait("place")
    d.wait("place")
    d.send("stats", stats({"fraclost": 0.01, "fraclost.max": 0.2, "fraclost.maxnode": "a"}), to="")
    assert d.wait("reqfullstats").body.findtext("pipeid") == str(STREAM)
    alert = until(lambda: network.program.ctl("alerts"), 3, "an alert")[0]
    assert (alert["node"], alert["value"]) == ("d", 0.2)
    time.sleep(0.2)
    assert not a.told("reqfullstats")


def test_statistics_that_nobody_asked_for(network):
    """They are no event; of those that were asked for, it keeps what it knows."""
    d = network.node("d")
    d.wait("place")
    full = ("<xmlDb>" + stats({"rate": 7, "colour": "x" * 16000, **{f"n{n}": n for n in range(50)}})
            + "</xmlDb><endTime>1368548879</endTime>")
    refused(d, "fullstats", full, 409)
    network.program.ctl("ask", "d")
    d.wait("reqfullstats")
    d.send("fullstats", full)
    event, = until(lambda: events(network, "fullstats"), 3, "its statistics")
    assert event["node"] == "d" and event["streams"] == 1
    stream, = event["values"]
    assert (stream["conference"], stream["session"]) == (1, 1)
    assert float(stream["rate"]) == 7 and stream["rate.maxnode"] == "d"
    assert set(stream) == {"conference", "session", "weight", "rate", "rate.max", "rate.maxnode"}
    # What cannot be is told.
    refused(d, "fullstats", full.replace(">7<", ">much<"), 422)


def test_same_name_twice(network):
    """A machine was copied with its certificate: the log says from where the other one comes."""
    network.node("a")
    other = FakeNode("a", network.port, host="127.0.0.2")
    try:
        told = (r"child a at 127\.0\.0\.1:\d+: it connected anew, from 127\.0\.0\.2: "
                "another node needs another name")
        until(lambda: re.search(told, network.program.log()), 5, network.program.log)
    finally:
        other.close()
