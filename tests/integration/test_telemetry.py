#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""dpdk-telemetry.py sees the same node as ferryctl."""

import json
import shutil
import subprocess

import pytest
from harness.deploy import Deployment
from harness.node import PATIENCE, until
from harness.udp import Receiver, Sender

TOOL = shutil.which("dpdk-telemetry.py") or "/usr/bin/dpdk-telemetry.py"

# What moves with time alone.
VOLATILE = ("_s", "pps", "bps", "polls", "polls_busy", "sleeps", "busy_share", "in_flight")


def ask(node, *commands):
    """The answers of the tool to commands, as it prints them."""
    done = subprocess.run([TOOL, "-f", f"ferry-{node.name}"], text=True, capture_output=True,
                          input="\n".join(commands) + "\nquit\n", timeout=20 * PATIENCE)
    answers = {}
    for line in done.stdout.splitlines():
        line = line[line.find("{"):] if "{" in line else ""
        try:
            value = json.loads(line)
        except ValueError:
            continue
        answers.update({key: v for key, v in value.items() if key.startswith("/")})
    return answers


def flat(value, prefix=""):
    """Numbers of a nested value by their path."""
    if isinstance(value, dict):
        return {k: v for key, inner in value.items()
                if not key.endswith(VOLATILE)
                for k, v in flat(inner, f"{prefix}.{key}").items()}
    if isinstance(value, list):
        return {k: v for i, inner in enumerate(value) for k, v in flat(inner, f"{prefix}.{i}").items()}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {prefix: value}
    return {}


@pytest.fixture
def nodes(stage):
    net = Deployment(stage)
    one, two = net.node(1), net.node(2)
    net.wire(one, two)
    left, right = net.client(one), net.client(two)
    net.session(3, source=1, destinations=[2], flows=["2", {"path": "2", "weight": 3}],
                ingress=left.ingress(5001), egress=[right.egress(2, 6000)])
    nodes = net.start()
    receiver = Receiver(right, 6000)
    sender = Sender(left, left.node_address, 5001, count=300, pps=300)
    sender.finish()
    Sender(left, left.node_address, 5999, count=5).finish()
    receiver.expect_all({0: sender.sizes})
    receiver.close()
    until(lambda: nodes[1].drops().get("udp_port") == 5, 5, "datagrams to nobody are dropped")
    return nodes


def compare(node, command, wanted):
    """Each number of the tool's answer that ferryctl shows too is the same; returns which."""
    seen = {}

    def same():
        (answer,) = ask(node, command).values()
        got, shown = flat(answer), flat(wanted())
        seen["common"] = got.keys() & shown.keys()
        seen["differ"] = {k: (got[k], shown[k]) for k in seen["common"] if got[k] != shown[k]}
        return not seen["differ"]

    until(same, 5, lambda: f"{command}: (telemetry, ferryctl) differ: {seen['differ']}", pause=0.2)
    return seen["common"]


def test_same_counters(nodes):
    one, two = nodes[1], nodes[2]
    common = compare(one, "/ferry/node", lambda: one.show("node"))
    assert {".packets.received", ".packets.sent", ".packets.dropped", ".id"} <= common, common
    common = compare(one, "/ferry/link,2", lambda: one.link(2))
    assert {".tx_packets", ".tx_bytes", ".rx_packets"} <= common, common
    common = compare(one, "/ferry/session,1,3", lambda: one.session(1, 3))
    assert {".source.packets", ".source.bytes"} <= common, common
    common = compare(two, "/ferry/session,1,3", lambda: two.session(1, 3))
    assert {".destination.packets", ".destination.lost"} <= common, common
    port = one.show("ports")[0]["name"]
    compare(one, f"/ferry/port,{port}", lambda: one.port(port))


def test_drops(nodes):
    one = nodes[1]
    answer = ask(one, "/ferry/drops")["/ferry/drops"]
    shown = {row["reason"]: row["packets"] for row in one.show("drops", "--all")}
    assert answer == shown or {k: v for k, v in answer.items() if v} == one.drops()
    assert answer["udp_port"] == 5


def test_lists(nodes):
    answers = ask(nodes[1], "/ferry/ports", "/ferry/links", "/ferry/sessions", "/ferry/flows,1,3")
    text = json.dumps(answers)
    assert len(answers) == 4
    assert nodes[1].show("ports")[0]["name"] in text
    assert "1,3" in text


def test_nonsense_is_refused(nodes):
    commands = ["/ferry/link,77", "/ferry/port,none", "/ferry/session,1", "/ferry/session,1,99",
                "/ferry/link", "/ferry/links,-1", "/ferry/session,a,b"]
    for command in commands:
        assert ask(nodes[1], command) == {command.partition(",")[0]: None}
    assert nodes[1].running()
