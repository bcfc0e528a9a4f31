# SPDX-License-Identifier: BSD-3-Clause
"""A real ferryd: started from a generated configuration, watched, ended."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from .text import config_text

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FERRY_BUILD") or ROOT / "build").resolve()
FERRYD = BUILD / "control" / "ferryd"
FERRYCTL = BUILD / "control" / "ferryctl"

# A leak shows at a clean end there; memory that was freed is held back for a while.
SANITIZED = FERRYD.exists() and b"__asan_init" in FERRYD.read_bytes()

# Slow builds (sanitizers) and busy machines stretch every wait.
PATIENCE = float(os.environ.get("FERRY_PATIENCE", "1"))


def until(condition, seconds=5.0, what="condition", pause=0.003):
    """Waits until condition() is true and returns what it gave; fails by name (a text, or a
    function that gives it)."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            what = what() if callable(what) else what
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(pause)


class ControlError(Exception):
    """The node refused a command; the text is its answer."""


class Node:
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

    def write_config(self):
        self.config_path.write_text(config_text(self.config))

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

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """Without any chance to say goodbye."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=10):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds=10):
        """Its exit status, when it has been told to end."""
        try:
            return self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end within {seconds} s:\n{self.log()}")

    def delete(self):
        if self.running():
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)
        # DPDK leaves its directory behind.
        shutil.rmtree(f"/var/run/dpdk/ferry-{self.name}", ignore_errors=True)

    def rss_kib(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", text, re.MULTILINE).group(1))

    # --- what it says ------------------------------------------------------------------------

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_log(self, pattern, seconds=5, since=0):
        """Waits for a line of the log that has the pattern; since: a length of log() before."""
        return until(
            lambda: re.search(pattern, self.log()[since:]), seconds,
            lambda: f"{self.name} logs /{pattern}/ in\n{self.log()[since:]}", pause=0.05)

    def ctl(self, *words):
        """A command by its socket, as ferryctl sends it; returns the data of the answer."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5 * PATIENCE)
            connection.connect(str(self.socket_path))
            connection.sendall(json.dumps({"command": [str(w) for w in words]}).encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n"):
                part = connection.recv(1 << 20)
                if not part:
                    raise ConnectionResetError("the node closed its control socket")
                answer += part
        reply = json.loads(answer)
        if not reply["ok"]:
            raise ControlError(reply["error"])
        return reply["data"]

    def ferryctl(self, *words, check=True):
        """The program itself."""
        done = subprocess.run(
            [FERRYCTL, "--socket", self.socket_path, *map(str, words)], capture_output=True,
            text=True, timeout=20)
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
            came = packets["received"] + packets["originated"] + packets["copies"]
            dropped = sum(row["packets"] for row in everything["drops"])
            went = (packets["sent"] + packets["delivered"] + packets["consumed"]
                    + packets["queued"] + dropped)
            seen.update(came=came, went=went, dropped=dropped, packets=packets)
            return came == went and dropped == packets["dropped"] and packets["in_flight"] == 0

        try:
            until(agree, 5, "the sums agree")
        except AssertionError:
            raise AssertionError(f"{self.name}: the sums do not agree: {seen}") from None
