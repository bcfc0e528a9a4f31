# SPDX-License-Identifier: BSD-3-Clause
"""A real ferry-root: started from a generated configuration, asked over its socket, ended."""

import json
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

from .node import BUILD, PATIENCE, ControlError, until
from .text import config_text

FERRY_ROOT = BUILD / "control" / "ferry-root"


class RootProgram:
    """config: the whole file as Python values, without root.store and root.socket. namespace may be
    None: the program runs where the test does."""

    def __init__(self, config, namespace=None, files=None):
        self.namespace = namespace
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ferry-root-"))
        self.config = json.loads(json.dumps(config))  # a copy
        self.socket_path = self.directory / "root.sock"
        self.config["root"].update(
            store=str(self.directory / "root.db"), socket=str(self.socket_path))
        self.config_path = self.directory / "root.cfg"
        self.log_path = self.directory / "log"
        self.process = None
        for name, text in (files or {}).items():
            (self.directory / name).write_text(text)
        self.write_config()

    def write_config(self):
        self.config_path.write_text(config_text(self.config))

    def start(self, wait=True):
        assert FERRY_ROOT.exists(), f"{FERRY_ROOT} is missing: build it, or set FERRY_BUILD"
        popen = subprocess.Popen if self.namespace is None else self.namespace.popen
        command = (FERRY_ROOT, "-c", self.config_path)
        with open(self.log_path, "ab") as log:
            options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            self.process = popen(command, **options) if self.namespace is None else \
                popen(*command, **options)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(
                    f"ferry-root ended with {self.process.returncode}:\n{self.log()}")
            try:
                return self.ctl("nodes") is not None
            except OSError:
                return None

        until(ready, 10, f"ferry-root answers at {self.socket_path}")

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """Without any chance to say goodbye."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=10):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds * PATIENCE)

    def delete(self):
        if self.running():
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

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
                    raise ConnectionResetError("ferry-root closed its control socket")
                answer += part
        reply = json.loads(answer)
        if not reply["ok"]:
            raise ControlError(reply["error"])
        return reply["data"]

    def session(self, conference, session):
        return self.ctl("sessions", conference, session)[0]

    def node(self, name):
        return next(node for node in self.ctl("nodes") if node["name"] == name)
