# SPDX-License-Identifier: BSD-3-Clause
"""A real ferryd: started from a generated configuration, watched, ended."""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile

from .program import BUILD, PATIENCE, ROOT, ControlError, Program, until

__all__ = ["BUILD", "FERRYCTL", "FERRYD", "PATIENCE", "ROOT", "SANITIZED", "ControlError", "Node",
           "came_and_went", "until"]

FERRYD = BUILD / "control" / "ferryd"
FERRYCTL = BUILD / "control" / "ferryctl"

# A leak shows at a clean end there; memory that was freed is held back for a while.
SANITIZED = FERRYD.exists() and b"__asan_init" in FERRYD.read_bytes()


def came_and_went(packets):
    """The two sides of a node's equation of packets, which are equal when it is at rest."""
    came = packets["received"] + packets["originated"] + packets["copies"]
    return came, sum(packets[key] for key in ("sent", "delivered", "consumed", "queued", "dropped"))


class Node(Program):
    """One ferryd in a namespace. config: the whole file as Python values, without node.socket."""

    def __init__(self, namespace, config, files=None):
        self.namespace = namespace
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ferry-test-"))
        self.config = json.loads(json.dumps(config))  # a copy
        self.name = self.config["node"]["name"]
        self.id = self.config["node"].get("id")
        self.socket_path = self.directory / "ctl.sock"
        self.config["node"]["socket"] = str(self.socket_path)
        if "management" in self.config:
            self.config["management"].setdefault("state", str(self.directory / "state"))
        self.config_path = self.directory / "node.cfg"
        self.log_path = self.directory / "log"
        self.process = None
        self.starts = 0
        for name, text in (files or {}).items():
            (self.directory / name).write_text(text)
        self.write_config()

    # --- the process -------------------------------------------------------------------------

    def start(self, wait=True):
        assert FERRYD.exists(), f"{FERRYD} is missing: build it, or set FERRY_BUILD"
        with open(self.log_path, "ab") as log:
            self.process = self.namespace.popen(
                FERRYD, "-c", self.config_path, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.directory)
        self.starts += 1
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(
                    f"{self.name} ended with {self.process.returncode} at its start:\n"
                    + self.log())
            try:
                return self.show("node")
            except OSError:
                return None

        return until(ready, 20, f"{self.name} answers at {self.socket_path}")

    def delete(self):
        super().delete()
        # DPDK leaves its directory behind.
        shutil.rmtree(f"/var/run/dpdk/ferry-{self.name}", ignore_errors=True)

    def rss_kib(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", text, re.MULTILINE).group(1))

    # --- what it says ------------------------------------------------------------------------

    def wait_log(self, pattern, seconds=5, since=0):
        """Waits for a line of the log that has the pattern; since: a length of log() before."""
        return until(
            lambda: re.search(pattern, self.log()[since:]), seconds,
            lambda: f"{self.name} logs /{pattern}/ in\n{self.log()[since:]}", pause=0.05)

    def ferryctl(self, *words, check=True):
        """The program itself."""
        done = subprocess.run(
            [FERRYCTL, "--socket", self.socket_path, *map(str, words)], capture_output=True,
            text=True, timeout=20 * PATIENCE, check=False)
        assert not check or done.returncode == 0, f"ferryctl {words}: {done.stdout}{done.stderr}"
        return done

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
