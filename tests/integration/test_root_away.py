# SPDX-License-Identifier: BSD-3-Clause
"""What nodes say while the root program is away, and what it learns of them when it comes back with
less than it knew."""

import pytest
from harness.node import FERRYCTL, until
from harness.netns import run
from harness.tree import CONTROL_PORT, Tree


@pytest.fixture
def alone(stage, tmp_path):
    """A node that has its NodeID, and nobody where its root is to be."""
    place = stage.namespace("alone")
    run(FERRYCTL, "ca", tmp_path, "alone")
    run("ip", "link", "add", "wan", "netns", place.name, "type", "veth", "peer", "name", "far",
        "netns", place.name)
    for end in ("wan", "far"):
        place.run("ip", "link", "set", end, "up")
    return stage.node(place, {
        "node": {"id": 1, "name": "alone"},
        "ports": [{"name": "wan", "device": "net_af_packet0,iface=wan",
                   "addresses": ["10.0.0.1/24"]}],
        "management": {"root": "127.0.0.1:1", "certificate": str(tmp_path / "alone.pem"),
                       "key": str(tmp_path / "alone.key"),
                       "authority": str(tmp_path / "authority.pem")}})


def counter(node, name):
    return next(row["count"] for row in node.show("management")["counters"]
                if row["counter"] == name)


def test_why_no_root(alone):
    """A connection that is refused is no matter of TLS."""
    alone.wait_log(r"parent \^ at 127\.0\.0\.1:1: Connection refused")
    until(lambda: counter(alone, "reconnects") > 1, 5, "it tries again")
    assert counter(alone, "handshake_failed") == 0
    assert "TLS failed" not in alone.log()


def test_database_is_lost(stage):
    """A relay that stayed with its parent is asked where its children connect."""
    net = Tree(stage)
    first, relay, leaf = net.place(1, "root"), net.place(2, "relay", parent=1), \
        net.place(3, "leaf", parent=2)
    net.wire(first, relay)
    net.wire(relay, leaf)
    nodes = net.start()
    net.root.kill()
    for file in net.root.directory.glob("root.db*"):
        file.unlink()
    nodes[3].kill()
    (nodes[3].directory / "state").unlink()  # as of a machine that is new
    net.root.start()
    nodes[3].start(wait=False)
    net.wait_tree()
    assert net.root.node(net.name(2))["server"] == f"{net.address(2)}:{CONTROL_PORT}"
