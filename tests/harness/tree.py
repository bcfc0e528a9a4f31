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

from . import netns
from .deploy import Deployment
from .root import RootProgram, certificate, make_certificates

CONTROL_PORT = 13780


class Tree(Deployment):
    """As Deployment, with a root."""

    def __init__(self, stage, **root):
        super().__init__(stage)
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ferry-tree-"))
        self.roles, self.parents = {}, {}
        self.control = netns.Bridge(stage.namespace("switch"))
        self.root_namespace = stage.namespace("root")
        self.control.plug(self.root_namespace, f"{self.address(0)}/16")
        self.root_fields = root
        self.thresholds = []
        self.root = None

    @staticmethod
    def address(number):
        """In the control network."""
        return f"10.255.{(number + 1) // 256}.{(number + 1) % 256}"

    def place(self, number, role, parent=None, **fields):
        place = self.node(number, **fields)
        self.roles[number], self.parents[number] = role, parent
        self.control.plug(place.namespace, f"{self.address(number)}/16")
        return place

    def name(self, number):
        return self.places[number].fields["name"]

    # --- what each knows ---------------------------------------------------------------------

    def node_configuration(self, place):
        fields = {key: value for key, value in place.fields.items() if key != "id"}
        return {**place.groups, "node": fields, "ports": place.ports,
                "management": {
                    "root": f"{self.address(0)}:{CONTROL_PORT}",
                    "address": f"{self.address(place.id)}:{CONTROL_PORT}",
                    **certificate(self.directory, place.fields["name"])}}

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
        return {"root": {"listen": f"{self.address(0)}:{CONTROL_PORT}", **certificate(self.directory, "root"),
                         **self.root_fields},
                "thresholds": self.thresholds, "nodes": self.topology(),
                "conferences": self.conferences()}

    # --- it runs -----------------------------------------------------------------------------

    def start(self):
        names = [place.fields["name"] for place in self.places.values()]
        make_certificates(self.directory, names)
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

    def states(self, session):
        return {node["node"]: node["state"]
                for node in self.root.session(self.CONFERENCE, session)["nodes"]}

    def wait_tree(self, seconds=10):
        self.root.wait_tree(seconds)

    def wait_sessions(self, seconds=10):
        self.root.wait_sessions(seconds)

    def delete(self):
        shutil.rmtree(self.directory, ignore_errors=True)
