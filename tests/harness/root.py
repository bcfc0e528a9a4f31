# SPDX-License-Identifier: BSD-3-Clause
"""A real ferry-root: started from a generated configuration, asked over its socket, ended."""

import pathlib

from . import netns
from .program import BUILD, FERRYCTL, Program, until

FERRY_ROOT = BUILD / "control" / "ferry-root"


def make_certificates(directory, names):
    """A test authority's, of the root and of these nodes."""
    netns.run(FERRYCTL, "ca", directory, *names)


def certificate(directory, name):
    """Settings by which a program uses them."""
    return {"certificate": str(directory / f"{name}.pem"), "key": str(directory / f"{name}.key"),
            "authority": str(directory / "authority.pem")}


class RootProgram(Program):
    """Its store and its socket are in its directory unless the configuration says where. namespace may
    be None: the program runs where the test does."""

    binary, hello = FERRY_ROOT, ("nodes",)

    def __init__(self, config, namespace=None, files=None, directory=None):
        super().__init__("ferry-root", namespace, config, directory, files)
        root = self.config["root"]
        root.setdefault("store", str(self.directory / "root.db"))
        self.socket_path = pathlib.Path(root.setdefault("socket", str(self.directory / "root.sock")))
        self.write_config()

    def session(self, conference, session):
        return self.ctl("sessions", conference, session)[0]

    def node(self, name):
        return next(node for node in self.ctl("nodes") if node["name"] == name)

    # --- everybody is where it is to be, with what it is to have -------------------------------

    def displaced(self):
        """Nodes that are not in their places in the tree."""
        return [node["name"] for node in self.ctl("nodes") if node["role"] is not None
                and (node["state"] != "up" or node["connected_to"] != node["parent"])]

    def wait_tree(self, seconds=10):
        until(lambda: not self.displaced(), seconds,
              lambda: f"all in their places, but {self.displaced()}: {self.ctl('nodes')}", pause=0.02)

    def uninstalled(self):
        """Sessions, and at which nodes they are not yet as they are to be: sources of running ones play."""
        missing = []
        for session in self.ctl("sessions"):
            for node in session["nodes"]:
                plays = node["does"] == "source" and session["state"] == "running"
                wanted = ("playing",) if plays else ("defined", "playing", "stopped", "forwarding")
                if node["does"] != "nothing" and node["state"] not in wanted:
                    missing.append(f"session {session['name']} at {node['node']}: {node['state']}")
        return missing

    def wait_sessions(self, seconds=10):
        until(lambda: not self.uninstalled(), seconds,
              lambda: f"all installed: {self.uninstalled()}", pause=0.02)
