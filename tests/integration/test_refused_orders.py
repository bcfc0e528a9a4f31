#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Orders of the root that a node cannot carry out, or not at once: what was there before goes on,
as it is and after a restart, and what can be done later is. And orders that it cannot write down."""

import contextlib
import pathlib
import resource
import ssl
import time

import pytest
from harness.node import ControlError, until
from protocol_scene import (BELOW, END, PIPELINE, PLACE, SOURCE, ordered, placed,  # noqa: F401
                            scene)

FILE = SOURCE.replace("<kind>generator</kind><generator>constant</generator><size>500</size>",
                      "<kind>file</kind><file>{}</file><size>500</size>")
PEER, CAM = b"five", b"cam"  # of PLACE and SOURCE, as the node keeps them


@pytest.fixture(autouse=True)
def peers(scene):
    scene.root.send("place", placed(), to="relay1")
    scene.alive()
    until(lambda: ids(scene) == [2, 5], 5, "links")
    yield
    for row in scene.node.show("sessions"):
        ordered(scene, "removepipeline", PIPELINE.replace('"2"', f'"{row["session"]}"'),
                "removed", row["session"])


def ids(scene):
    return sorted(link["id"] for link in scene.node.show("links"))


def refused(scene, body, code):
    text = scene.root.send("pipedef", body, to="relay1")
    return scene.root.expect_error(code, request=text).findtext("text")


def restart(scene):
    """The node with what it has kept, before its root says anything."""
    assert scene.node.stop() == 0
    scene.root.close()
    scene.node.start()
    # Its first way up is not that of the place that it then finds.
    with contextlib.suppress(ssl.SSLError):
        scene.join(place=False)
        return
    scene.join(place=False)


# --- sessions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong, code", [
    (FILE.format("/nowhere/at/all"), 422),
    (SOURCE.replace("500", "100000"), 422),
    (SOURCE.replace('path="2"', 'path="9 &gt; 2"').replace("cam", "other"), 422),
    (SOURCE.replace("<weight>2<", "<weight>999<").replace("cam", "other"), 422),
    (SOURCE.replace("<play>", "<coding>{ k = 1000; }</coding><play>"), 422),
], ids=["file", "size", "path", "terms", "coding"])
def test_another_definition_is_refused(scene, wrong, code):
    ordered(scene, "pipedef", SOURCE, "playing")
    before = scene.node.source(7, 2)
    refused(scene, wrong, code)
    after = scene.node.source(7, 2)
    assert (after["state"], after["epoch"]) == ("running", before["epoch"])
    assert scene.node.session(7, 2)["session_name"] == "cam"


@pytest.mark.parametrize("wrong, code", [
    (END.replace("10.0.0.9", "10.1.0.9"), 422),
    (END.replace("<destination", "<window>32768</window><reorderPackets>32768</reorderPackets><reorderMs>50</reorderMs>"
                                 "<destination"), 500),
    # It is only to be passed on, but recoded in generations for which there is no room.
    (END[:END.index("<source>")] + "<source>5</source><coding>{ k = 100; repair = \"25%\"; relays = ( { node = 7; } "
     "); }</coding></pipeline>", 500),
], ids=["egress", "capacity", "relay"])
def test_another_end_is_refused(scene, wrong, code):
    ordered(scene, "pipedef", END, "defined", 4)
    refused(scene, wrong, code)
    assert scene.node.destination(7, 4)["egress"] == "udp 10.0.0.9:6000"
    assert not any(row["installed"] for row in scene.node.show("forwarding")["sessions"])
    restart(scene)
    assert scene.node.destination(7, 4)["egress"] == "udp 10.0.0.9:6000"


def test_a_first_definition_is_refused(scene):
    """Nothing is left of it, its conference neither."""
    refused(scene, END.replace("10.0.0.9", "10.1.0.9"), 422)
    assert scene.node.show("sessions") == []
    with pytest.raises(ControlError, match="no conference"):
        scene.node.ctl("conference", "remove", 7)


def test_no_file_to_be_had(scene, tmp_path):
    """Only seen when the new one is made: the old one begins anew, and is what a restart makes."""
    path = tmp_path / "content"
    path.write_bytes(b"x" * 100_000)
    ordered(scene, "pipedef", SOURCE, "playing")
    before = scene.node.source(7, 2)
    process = scene.node.process.pid
    limit = resource.prlimit(process, resource.RLIMIT_NOFILE)
    # What is open stays so.
    resource.prlimit(process, resource.RLIMIT_NOFILE, (3, limit[1]))
    assert "begins anew as it was" in refused(scene, FILE.format(path), 500)
    resource.prlimit(process, resource.RLIMIT_NOFILE, limit)
    after = scene.node.source(7, 2)
    assert (after["state"], after["ingress"]) == ("running", before["ingress"])
    assert after["epoch"] != before["epoch"]
    # What the root says of it is still the same.
    ordered(scene, "pipedef", SOURCE, "playing")
    assert scene.node.source(7, 2)["epoch"] == after["epoch"]
    restart(scene)
    assert scene.node.source(7, 2)["ingress"] == before["ingress"]
    ordered(scene, "pipedef", FILE.format(path), "playing")


# --- what is kept ------------------------------------------------------------------------------


@pytest.mark.parametrize("ends", [False, True], ids=["later", "at-the-end"])
def test_orders_that_cannot_be_saved_for_a_while(scene, ends):
    """As on a full disk. The next try may be the node's last."""
    state = pathlib.Path(scene.node.config["management"]["state"])
    until(lambda: PEER in state.read_bytes() and CAM not in state.read_bytes(), 5, "all is saved")
    time.sleep(0.2)  # also what came last
    other = state.with_name(state.name + ".new")
    other.mkdir()
    began = len(scene.node.log())
    ordered(scene, "pipedef", SOURCE, "playing")
    scene.node.wait_log(f"{state}: it cannot be written: ", since=began)
    assert CAM not in state.read_bytes()
    other.rmdir()
    if ends:
        restart(scene)
        assert scene.node.source(7, 2)["state"] == "running"
    until(lambda: CAM in state.read_bytes(), 5, "it is saved after all")
    assert scene.node.log()[began:].count("it cannot be written") == 1
    scene.node.wait_log(f"{state} has the orders of the root again", since=began)


# --- places ------------------------------------------------------------------------------------


def test_a_refused_place_is_none(scene):
    """Nothing of one that gives another NodeID is done later, when a peer that had to stay goes."""
    ordered(scene, "pipedef", SOURCE, "playing")
    five = '<peers><peer id="5" name="five" address="10.0.0.5" port="wan" udpport="14000"/></peers>'
    scene.root.send("place", placed(five), to="relay1")
    scene.alive()
    assert ids(scene) == [2, 5]
    text = scene.root.send("place", PLACE.format(id=8, below=BELOW), to="relay1")
    scene.root.expect_error(409, request=text)
    ordered(scene, "removepipeline", PIPELINE, "removed")
    until(lambda: 2 not in ids(scene), 5, "it goes")
    scene.alive()
    assert ids(scene) == [5]


FIRST, SECOND = list(range(10, 50)), list(range(60, 100))


def peers_of(numbers, pacing="none"):
    return "<peers>%s</peers>" % "".join(
        f'<peer id="{n}" name="n{n}" address="10.0.0.{n}" pacing="{pacing}"/>' for n in numbers)


def test_all_peers_are_others(scene):
    """As many as there may be go while as many come."""
    for numbers in (FIRST, SECOND, FIRST):
        scene.root.send("place", placed(peers_of(numbers)), to="relay1")
        scene.alive()
        until(lambda numbers=numbers: ids(scene) == numbers, 5, "all of them")


def test_all_peers_change(scene):
    """Each anew at once, and then no more."""
    scene.root.send("place", placed(peers_of(FIRST)), to="relay1")
    until(lambda: ids(scene) == FIRST, 5, "all of them")
    for pacing in ("rate:10M", "none", "tfrc"):
        scene.root.send("place", placed(peers_of(FIRST, pacing)), to="relay1")
        scene.alive()
        until(lambda pacing=pacing: {row["pacing"] for row in scene.node.show("feeders")} == {
            pacing.split(":")[0]}, 5, f"all are {pacing}")
    until(lambda: ids(scene) == FIRST, 5, "the old links are gone")
    began = len(scene.node.log())
    scene.root.send("place", placed(peers_of(FIRST, "tfrc").replace(' pacing="tfrc"', "")),
                    to="relay1")
    scene.alive()
    time.sleep(0.2)
    assert " a link by port" not in scene.node.log()[began:]


def test_more_peers_than_there_may_be(scene):
    """That is no matter of time, and said."""
    text = scene.root.send("place", placed(peers_of(range(10, 51))), to="relay1")
    assert "capacity.peers" in scene.root.expect_error(500, request=text).findtext("text")
    until(lambda: len(ids(scene)) == 40, 5, "as many as there may be")


def test_a_refused_place_is_not_kept(scene):
    """Of a node whose own file says its NodeID."""
    scene.node.config["node"]["id"] = 7
    scene.node.write_config()
    restart(scene)
    assert ids(scene) == [2, 5]
    text = scene.root.send("place", PLACE.format(id=8, below=BELOW), to="relay1")
    scene.root.expect_error(409, request=text)
    restart(scene)
    assert ids(scene) == [2, 5]
