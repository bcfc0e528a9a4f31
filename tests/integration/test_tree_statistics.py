# SPDX-License-Identifier: BSD-3-Clause
"""What real nodes measure, as the root tells of it: a source, a relay, and two destinations, one of
them behind a line that delays and loses. Means over the nodes, sums, the worst one's name, delays,
an alert, and the report."""

import pytest
from harness.node import until
from harness.tree import Tree

RATE = 1_000_000  # bit/s of payload: 250 packets of 500 bytes a second
LOSS, DELAY_MS = 0.1, 30
FAST, SLOW = slice(0, 8), slice(8, 9)  # delays of up to 20 ms; of up to 50 ms: their counts
STREAM = (1, 1)


@pytest.fixture(name="net")
def _net(stage):
    net = Tree(stage, report="report", report_s=1)
    net.thresholds = [{"name": "fraclost", "warning": LOSS / 4, "danger": 0.9}]
    first, relay, bad, good = (
        net.place(number, role, parent, clock_synchronized=True)
        for number, role, parent in ((1, "root", None), (2, "relay", 1), (3, "leaf", 2),
                                     (4, "leaf", 1)))
    net.wire(first, relay)
    net.wire(first, good)
    net.wire(relay, bad, impair={"delay": f"{DELAY_MS}ms", "loss": f"{LOSS:.0%}", "seed": 5})
    for place in net.places.values():
        place.groups["statistics"] = {"interval": 100, "report": 1}
    net.session(1, source=1, destinations=[3, 4], flows=["(2 > 3, 4)"], rate=RATE,
                ingress={"generator": {"kind": "constant", "size": 500}})
    net.nodes = net.start()
    net.wait_sessions()
    return net


def streams(net):
    """Of the session, by name."""
    return {row["name"]: row for row in net.root.ctl("stats")
            if (row["conference"], row["session"]) == STREAM}


def wait_stats(net, right, what):
    """Until what the root says of an interval is right. A busy machine spoils some."""
    def found():
        rows = streams(net)
        return rows if len(rows) == 6 and right(rows) else None

    return until(found, 20, lambda: f"{what}: {streams(net)}", pause=0.1)


def near(value, wanted, share):
    return abs(value - wanted) <= share * wanted


def test_root_sees_what_nodes_measure(net):
    bad = net.name(3)
    # The source and both destinations carry it; one of them gets less.
    wait_stats(net, lambda r: r["rate"]["nodes"] == r["cpuload"]["nodes"] == 3
               and near(r["rate"]["mean"], RATE * (3 - LOSS) / 3, 0.03), "the rate")
    # Only destinations know of loss, and only one has any.
    wait_stats(net, lambda r: all(
        r[name]["nodes"] == 2 for name in ("fraclost", "cumpktlost", "injitter"))
               and r["fraclost"]["max_node"] == r["cumpktlost"]["max_node"] == bad
               and near(r["fraclost"]["max"], LOSS, 0.5)
               and near(r["fraclost"]["mean"], r["fraclost"]["max"] / 2, 0.01), "the loss")
    wait_stats(net, delays_right, "the delays")
    check_alert(net, bad)
    until(lambda: reported(net, bad), 20, lambda: f"a report:\n{report(net)}")
    check_sums(net)


def delays_right(rows):
    counts = rows["owd"]["counts"]
    wanted = (1 - LOSS) / (2 - LOSS)
    return near(sum(counts[SLOW]), wanted * sum(counts), 0.15) and \
        near(sum(counts[FAST]), (1 - wanted) * sum(counts), 0.15) and \
        DELAY_MS * 1000 < rows["owd"]["p99_us"] <= 50_000


def check_alert(net, bad):
    """It was raised for the bad one, which was asked, and has answered for itself."""
    alert = until(lambda: next((a for a in net.root.ctl("alerts") if a["node"] == bad), None),
                  10, "an alert")
    assert (alert["name"], alert["unit"], alert["level"]) == ("fraclost", "share", "warning")
    assert (alert["conference"], alert["session"]) == STREAM
    assert alert["value"] >= alert["threshold"] == LOSS / 4
    answer = until(lambda: next((e for e in net.root.ctl("events") if e["event"] == "fullstats"
                                 and e["node"] == bad), None), 10, "the answer")
    assert answer["streams"] == 1
    (values,) = answer["values"]
    assert (values["conference"], values["session"], values["weight"]) == (*STREAM, "1")
    assert values["cumpktlost.maxnode"] == bad and 0 < float(values["fraclost"]) < 1
    for text in ("a threshold was passed", "a node's statistics, as asked for",
                 f"{bad}, conference 1 session 1: weight 1,", " cumpktlost.sum "):
        assert any(text in line and bad in line for line in net.root.log().splitlines()), text


def report(net):
    path = net.root.directory / "report"
    return path.read_text() if path.exists() else ""


def reported(net, bad):
    """All nodes, and the stream with its loss and the worst one's name."""
    lines = report(net).splitlines()
    return any("up 4 of 4" in line for line in lines) and any(
        "conference 1 session 1, nodes 3:" in line and f"at {bad}) cumpktlost.sum" in line
        and "owd p50" in line for line in lines)


def check_sums(net):
    """When nothing more comes, the root has what the nodes counted, to the packet."""
    net.nodes[1].ctl("session", "stop", 1, 1)
    sent = net.nodes[1].source(1, 1)["packets"]

    def lost(number):
        return net.nodes[number].destination(1, 1)["lost"]

    def settled(rows):
        row = rows.get("cumpktlost")
        return row and row["sum"] == lost(3) + lost(4) and row["max"] == lost(3) > 0

    until(lambda: settled(streams(net)), 10,
          lambda: f"{lost(3)} and {lost(4)} lost of {sent}: {streams(net)}", pause=0.1)
    row = streams(net)["cumpktlost"]
    assert (row["nodes"], row["mean"]) == (2, row["sum"] / 2)
    # What was sent before a destination was ready, or last of all, is missed by nobody.
    assert 0 < lost(3) <= sent - net.nodes[3].destination(1, 1)["packets"]
    assert lost(4) <= sent - net.nodes[4].destination(1, 1)["packets"]
