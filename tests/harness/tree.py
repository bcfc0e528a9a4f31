# SPDX-License-Identifier: BSD-3-Clause
"""A deployment with a root program: nodes know their ports, the root's address and their
certificates; all else comes from the root. Control connections go over a network of their own, a
bridge with an interface in each node's namespace, that the kernel keeps.

    net = Tree(stage)
    a, b = net.place(1, "root"), net.place(2, "leaf", parent=1)
    net.wire(a, b)
    net.session(...)
    net.start()
"""

import pathlib
import shutil
import tempfile

from .deploy import Deployment
from .netns import run, unique
from .node import FERRYCTL, until
from .root import RootProgram

CONTROL_PORT = 13780


class Tree(Deployment):
    """As Deployment, with a root."""

    def __init__(self, stage, **root):
        super().__init__(stage)
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ferry-tree-"))
        self.roles, self.parents = {}, {}
        self.switch = stage.namespace("switch")
        self.switch.run("ip", "link", "add", "control", "type", "bridge")
        self.switch.run("ip", "link", "set", "control", "up")
        self.root_namespace = stage.namespace("root")
        self._plug(self.root_namespace, 0)
        self.root_fields = root
        self.thresholds = []
        self.root = None

    def _plug(self, namespace, number):
        """An interface of the control network, 10.255.0.(number + 1)."""
        name = unique("p")
        run("ip", "link", "add", "control", "netns", namespace.name, "type", "veth",
            "peer", "name", name, "netns", self.switch.name)
        self.switch.run("ip", "link", "set", name, "master", "control", "up")
        namespace.run("ip", "address", "add", f"{self.address(number)}/16", "dev", "control")
        namespace.run("ip", "link", "set", "control", "up")

    @staticmethod
    def address(number):
        return f"10.255.{(number + 1) // 256}.{(number + 1) % 256}"

    def place(self, number, role, parent=None, **fields):
        place = self.node(number, **fields)
        self.roles[number], self.parents[number] = role, parent
        self._plug(place.namespace, number)
        return place

    def name(self, number):
        return self.places[number].fields["name"]

    # --- what each knows ---------------------------------------------------------------------

    def certificate(self, name):
        return {"certificate": str(self.directory / f"{name}.pem"),
                "key": str(self.directory / f"{name}.key"),
                "authority": str(self.directory / "authority.pem")}

    def node_configuration(self, place):
        fields = {key: value for key, value in place.fields.items() if key != "id"}
        return {**place.groups, "node": fields, "ports": place.ports,
                "management": {
                    "root": f"{self.address(0)}:{CONTROL_PORT}",
                    "address": f"{self.address(place.id)}:{CONTROL_PORT}",
                    **self.certificate(place.fields["name"])}}

    def topology(self):
        nodes = []
        for number, place in self.places.items():
            parent = self.parents[number]
            nodes.append({
                "name": self.name(number), "id": number, "role": self.roles[number],
                **({} if parent is None else {"parent": self.name(parent)}),
                "peers": [{"node": self.name(peer["id"]), "address": peer["address"],
                           "port": peer["port"], "pacing": "none"} for peer in place.peers]})
        return nodes

    def configuration(self):
        return {"root": {"listen": f"{self.address(0)}:{CONTROL_PORT}", **self.certificate("root"),
                         **self.root_fields},
                "thresholds": self.thresholds, "nodes": self.topology(),
                "conferences": self.conferences()}

    # --- it runs -----------------------------------------------------------------------------

    def start(self):
        names = [place.fields["name"] for place in self.places.values()]
        run(FERRYCTL, "ca", self.directory, *names)
        self.root = RootProgram(self.configuration(), namespace=self.root_namespace)
        self.stage.programs += [self.root, self]
        self.root.start()
        for place in self.places.values():
            place.running = self.stage.node(
                place.namespace, self.node_configuration(place), start=False)
            place.running.id = place.id
            place.running.start(wait=False)
        for place in self.places.values():
            place.running.wait_ready()
        self.wait_tree()
        return {number: place.running for number, place in self.places.items()}

    def wait_tree(self, seconds=10):
        """Until everybody is in its place, as the root sees it."""
        def settled():
            nodes = self.root.ctl("nodes")
            return all(node["state"] == "up" and node["connected_to"] == node["parent"]
                       for node in nodes if node["role"] is not None)

        until(settled, seconds, lambda: f"all in their places: {self.root.ctl('nodes')}",
              pause=0.02)

    def states(self, session):
        return {node["node"]: node["state"]
                for node in self.root.session(self.CONFERENCE, session)["nodes"]}

    def wait_sessions(self, seconds=10):
        """Until all nodes have what they are to have of each running session, and sources play."""
        def installed():
            for session in self.root.ctl("sessions"):
                for node in session["nodes"]:
                    wanted = ("playing",) if node["does"] == "source" else \
                        ("defined", "playing", "stopped", "forwarding")
                    if node["does"] != "nothing" and node["state"] not in wanted:
                        return False
            return True

        until(installed, seconds, lambda: f"all installed: {self.root.ctl('sessions')}",
              pause=0.02)

    def delete(self):
        shutil.rmtree(self.directory, ignore_errors=True)
