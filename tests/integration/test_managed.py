#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""ferry-root and nodes that know only their ports, the root's address and their certificates, over
TLS: they get their NodeIDs, peers and sessions from it, and datagrams flow; whichever of them is
killed and comes back, the root's picture is right again."""

import subprocess

import pytest
from harness.deploy import Deployment
from harness.netns import veth
from harness.node import BUILD, until
from harness.root import RootProgram
from harness.udp import Receiver, Sender

FERRYCTL = BUILD / "control" / "ferryctl"
NAMES = {1: "source", 2: "end", 5: "relay"}


class Managed(Deployment):
    """1 over 5 to 2; the tree is root, 5, and below that 1 and 2."""

    def __init__(self, stage, directory):
        super().__init__(stage)
        self.certificates = directory / "certificates"
        subprocess.run([FERRYCTL, "ca", self.certificates, *NAMES.values()], check=True)
        one, two, five = (self.node(number) for number in NAMES)
        self.wire(one, five)
        self.wire(five, two)
        self.left, self.right = self.client(one), self.client(two)
        self.office = stage.namespace("root")
        self.session(1, ["5 > 2"], name="talk", source=1, destinations=[2],
                     ingress=self.left.ingress(5001), egress=[self.right.egress(2, 6000)])
        self.session(2, ["5 > 2"], name="coded", source=1, destinations=[2], rate=400_000,
                     ingress={"generator": {"kind": "constant", "size": 200}},
                     coding={"k": 8, "repair": "25%", "relays": [{"node": 5}]})
        for number, place in self.places.items():
            self.connect(number, place)
        self.root = RootProgram({
            "root": {"listen": "0.0.0.0:13780", **self.files("root")},
            "nodes": [{"name": NAMES[number], "id": number, "role": role, "peers": [
                {"node": NAMES[peer["id"]], "port": peer["port"], "address": peer["address"],
                 "pacing": "none"} for peer in self.places[number].peers], **parent}
                for number, role, parent in (
                    (5, "root", {}), (1, "leaf", {"parent": "relay"}),
                    (2, "leaf", {"parent": "relay"}))],
            "conferences": self.conferences()}, self.office)

    def files(self, name):
        return {"certificate": str(self.certificates / f"{name}.pem"),
                "key": str(self.certificates / f"{name}.key"),
                "authority": str(self.certificates / "authority.pem")}

    def connect(self, number, place):
        """The management network: the root's namespace is in the middle, the kernel routes."""
        here = f"10.200.{number}.2"
        veth(self.office, f"m{number}", place.namespace, "m0")
        for namespace, name, address in ((self.office, f"m{number}", f"10.200.{number}.1"),
                                         (place.namespace, "m0", here)):
            namespace.speak(name, f"{address}/24")
        place.namespace.run("ip", "route", "add", "default", "via", f"10.200.{number}.1")
        self.office.sysctl("net.ipv4.ip_forward", 1)
        place.fields = {"name": NAMES[number], "drain": 100}
        place.groups["management"] = {"root": f"10.200.{number}.1:13780",
                                      "address": f"{here}:13780", **self.files(NAMES[number])}

    def begin(self):
        self.root.start()
        for number, place in self.places.items():
            configuration = {key: value for key, value in place.configuration([]).items()
                             if key not in ("peers", "conferences")}
            place.running = self.stage.node(place.namespace, configuration, start=False)
            place.running.start(wait=False)
        for place in self.places.values():
            place.running.wait_ready()
        return {number: place.running for number, place in self.places.items()}


@pytest.fixture(scope="module")
def net(module_stage, tmp_path_factory):
    net = Managed(module_stage, tmp_path_factory.mktemp("managed"))
    net.nodes = net.begin()
    yield net
    net.root.delete()


def picture_is_right(net):
    """All are up, each below whom the topology says, and the session runs."""
    rows = {row["name"]: row for row in net.root.ctl("nodes")}
    return (all(rows[name]["state"] == "up" for name in NAMES.values())
            and net.nodes[1].show("sessions")
            and net.nodes[2].show("sessions")
            and net.nodes[1].source(1, 1)["state"] == "running"
            and all(link["neighbour"] == "reachable"
                    for node in net.nodes.values() for link in node.show("links")))


def flows(net):
    """What goes in at one end comes out at the other."""
    receiver = Receiver(net.right, 6000)
    sender = Sender(net.left, net.left.node_address, 5001, pps=200, size=100)
    try:
        receiver.wait_count(50)
    finally:
        sender.stop()
        receiver.close()


def test_relays_recode(net):
    until(lambda: picture_is_right(net), 20, "the root's picture", pause=0.05)
    relay = net.nodes[5]
    assert {row["session"]: row["recode"] for row in relay.show("forwarding")["sessions"]} == {
        1: None, 2: "always"}
    until(lambda: relay.show("node")["workers"][0]["recoding"]["combined"] > 20, 10, "it recodes")
    until(lambda: net.nodes[2].destination(1, 2)["coding"]["recovered"] > 20, 10, "it is decoded")


def test_all_comes_from_the_root(net):
    until(lambda: picture_is_right(net), 20, "the root's picture", pause=0.05)
    for number, node in net.nodes.items():
        assert node.show("node")["id"] == number
    assert net.nodes[1].show("management")["parent"] == "relay"
    assert net.nodes[5].show("management")["parent"] == "^"
    assert [link["id"] for link in net.nodes[5].show("links")] == [1, 2]
    flows(net)


def test_the_root_dies(net):
    """Sessions go on, and the tree is whole again when it is back."""
    receiver = Receiver(net.right, 6000)
    sender = Sender(net.left, net.left.node_address, 5001, pps=500, size=100)
    receiver.wait_count(100)
    net.root.kill()
    receiver.wait_more()
    net.root.start()
    until(lambda: picture_is_right(net), 5, "the root's picture", pause=0.05)
    sender.stop()
    receiver.expect_all({0: sender.sizes})
    receiver.close()


@pytest.mark.parametrize("number", NAMES)
def test_a_node_dies(net, number):
    net.nodes[number].kill()
    net.nodes[number].start()
    until(lambda: picture_is_right(net), 10, "the root's picture", pause=0.05)
    flows(net)
