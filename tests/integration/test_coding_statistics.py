#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What coding does, as the statistics in shared memory, ferrytop, OpenMetrics and ferryctl say it:
all of them the same, over a wire that loses."""

import re
import subprocess

import openmetrics
import pytest
from harness.deploy import Deployment
from harness.node import BUILD, FERRYCTL, PATIENCE, until

FERRYTOP = BUILD / "control" / "ferrytop"
PACKETS = 1500
CODES = {
    1: {"k": 8, "repair": "50%", "close": "20ms", "deadline": "2s"},
    2: {"code": "window", "window": 16, "repair": "25%", "close": "20ms", "deadline": "2s"},
    3: {"k": 16, "repair": "rateless", "close": "20ms", "deadline": "2s"},
    4: None,
}


@pytest.fixture(name="nodes")
def fixture_nodes(stage):
    net = Deployment(stage)
    one, two = net.node(1), net.node(2)
    net.wire(one, two, impair={"delay": "5ms", "loss": "5%", "frames": 2000, "seed": 3})
    for place in (one, two):
        place.peers[0]["pacing"] = "none"
        place.groups["statistics"] = {"interval": 100}
    for number, coding in CODES.items():
        extra = {"coding": coding} if coding else {}
        net.session(number, source=1, destinations=[2], flows=["2"], rate=4_000_000, ingress={
            "generator": {"kind": "constant", "size": 500, "count": PACKETS}}, **extra)
    nodes = net.start()
    for number in CODES:
        until(lambda n=number: nodes[1].source(1, n)["state"] == "finished", 30, "all is sent")
    # Until nothing is repaired any more, and an interval has gone by since.
    until(lambda: settled(nodes), 30, "the figures stand still", pause=0.5)
    return nodes


def figures(nodes):
    return [{row["session"]: row[end]["coding"] for row in nodes[number].show("sessions")}
            for number, end in ((1, "source"), (2, "destination"))]


def settled(nodes, before=[None]):
    now = figures(nodes)
    same, before[0] = before[0] == now, now
    return same and all(c is None or c["held"] == 0 for c in now[1].values())


def metrics(node):
    return openmetrics.parse(subprocess.run(
        [FERRYCTL, "-s", node.socket_path, "metrics"], capture_output=True, text=True,
        timeout=20 * PATIENCE, check=True).stdout)


def top(node, view):
    """The rows of a view, by session number."""
    text = subprocess.run(
        [FERRYTOP, "-f", node.socket_path.with_suffix(".stats"), "--once", "--view", view],
        capture_output=True, text=True, timeout=20 * PATIENCE, check=True).stdout
    rows = [line.split() for line in text.splitlines() if re.match(r" +1 +\d ", line)]
    return {int(row[1]): row for row in rows}


def check_metrics(node, coded, role):
    families = metrics(node)
    names = {"source": ("repairs", "generations", "decoded", "given_up"),
             "destination": ("repairs", "generations", "recovered", "dependent", "given_up")}[role]
    for number, shown in coded.items():
        def value(name, suffix="", of=str(number), **labels):
            return openmetrics.value(families, f"ferry_session_{name}", suffix, session=of,
                                     **labels)

        code = shown["code"] if shown else "off"
        assert value("code", ferry_session_code=code) == 1
        if shown is None:
            continue
        assert value("span_packets") == shown["span"]
        for name in names:
            assert value(name, "_total", role=role) == (shown[name] or 0), (number, name)
        if role == "source":
            assert value("repair_ratio") == pytest.approx(shown["repair"])
    sessions = {dict(labels)["session"]
                for _, labels in families["ferry_session_span_packets"].samples}
    assert sessions == {"1", "2", "3"}


def test_coding_is_shown(nodes):
    source, destination = figures(nodes)
    assert [source[n]["repair"] for n in (1, 2)] == [0.5, 0.25]
    assert source[1]["generations"] == (PACKETS + 7) // 8
    # Rateless: what it sent for all that was lost.
    assert 0.03 < source[3]["repair"] < 1 and source[3]["decoded"] > 80
    for number in (1, 2, 3):
        got = nodes[2].destination(1, number)
        assert destination[number]["recovered"] > 20, number
        assert destination[number]["repairs"] > destination[number]["dependent"]
        assert got["lost"] < PACKETS * 0.01
    assert nodes[2].destination(1, 4)["lost"] > PACKETS * 0.02
    check_metrics(nodes[1], source, "source")
    check_metrics(nodes[2], destination, "destination")
    kinds = {1: "block", 2: "window", 3: "block", 4: "off"}
    for number, end, coded in ((1, "from", source), (2, "to", destination)):
        shown = top(nodes[number], "sessions")
        assert {n: row[-1] for n, row in shown.items()} == kinds
        rows = top(nodes[number], "coding")
        assert rows.keys() == {1, 2, 3}
        for n, row in rows.items():
            row = row[row.index(end):]
            assert row[1:3] == [kinds[n], str(coded[n]["span"])]
            given_up = coded[n]["given_up"] or 0
            assert row[-1] == str(given_up)
    assert "50.00%" in top(nodes[1], "coding")[1]
    assert top(nodes[2], "coding")[1][-3] == str(destination[1]["recovered"])
