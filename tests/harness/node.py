# SPDX-License-Identifier: BSD-3-Clause
"""A real ferryd: started from a generated configuration, watched, ended."""

import pathlib
import re

from .child import forget_node
from .program import BUILD, FERRYCTL, PATIENCE, ROOT, ControlError, Program, until

__all__ = ["BUILD", "FERRYCTL", "FERRYD", "PATIENCE", "ROOT", "SANITIZED", "ControlError", "Node",
           "came_and_went", "until"]

FERRYD = BUILD / "control" / "ferryd"

# A leak shows at a clean end there; memory that was freed is held back for a while.
SANITIZED = FERRYD.exists() and b"__asan_init" in FERRYD.read_bytes()


def came_and_went(packets):
    """The two sides of a node's equation of packets, which are equal when it is at rest."""
    came = packets["received"] + packets["originated"] + packets["copies"]
    return came, sum(packets[key] for key in ("sent", "delivered", "consumed", "queued", "dropped"))


class Node(Program):
    """One ferryd. Its socket is in its directory unless the configuration says where."""

    binary, hello = FERRYD, ("show", "node")

    def __init__(self, namespace, config, files=None, directory=None):
        super().__init__(config["node"]["name"], namespace, config, directory, files)
        self.id = self.config["node"].get("id")
        self.socket_path = pathlib.Path(
            self.config["node"].setdefault("socket", str(self.directory / "ctl.sock")))
        if "management" in self.config:
            self.config["management"].setdefault("state", str(self.directory / "state"))
        self.write_config()

    def delete(self):
        super().delete()
        forget_node(self.name)

    def rss_kib(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", text, re.MULTILINE).group(1))

    # --- what it says ------------------------------------------------------------------------

    def show(self, *words):
        return self.ctl("show", *words)

    def drops(self):
        """Drops that happened, by reason."""
        return {row["reason"]: row["packets"] for row in self.show("drops") if row["packets"]}

    def link(self, peer):
        return next(row for row in self.show("links") if row["id"] == peer)

    def session(self, conference, session):
        return self.show("sessions", conference, session)[0]

    def source(self, conference, session):
        return self.session(conference, session)["source"]

    def destination(self, conference, session):
        return self.session(conference, session)["destination"]

    def port(self, name):
        return next(row for row in self.show("ports") if row["name"] == name)

    def unresolved(self):
        """What it does not know the way to yet: neighbours, and clients at an egress."""
        return ([f"link to {link['name']}: {link['neighbour']}" for link in self.show("links")
                 if link["neighbour"] != "reachable"]
                + [f"session {row['session']}: its egress is {row['destination']['egress_state']}"
                   for row in self.show("sessions")
                   if row["destination"] and row["destination"]["egress_state"] != "ready"])

    def wait_resolved(self):
        until(lambda: not self.unresolved(), 15,
              lambda: f"{self.name} knows its neighbours: {self.unresolved()}", pause=0.02)

    # --- no packet vanishes without a name -----------------------------------------------------

    def check_sums(self):
        """received + originated + copies = sent + delivered + consumed + queued + drops, which
        holds for a node at rest."""
        seen = {}

        def agree():
            everything = self.show("all", "--all")
            packets = everything["node"]["packets"]
            dropped = sum(row["packets"] for row in everything["drops"])
            came, went = came_and_went({**packets, "dropped": dropped})
            seen.update(came=came, went=went, dropped=dropped, packets=packets)
            return came == went and dropped == packets["dropped"] and packets["in_flight"] == 0

        try:
            until(agree, 5, "the sums agree")
        except AssertionError:
            raise AssertionError(f"{self.name}: the sums do not agree: {seen}") from None
