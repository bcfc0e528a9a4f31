# SPDX-License-Identifier: BSD-3-Clause
"""What the harness does with ferryd and ferry-root alike: their process, their log, their socket."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from .text import config_text

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FERRY_BUILD") or ROOT / "build").resolve()

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
    """The program refused a command; the text is its answer."""


class Program:
    """A subclass sets name, directory, config (the whole file as Python values), config_path, log_path,
    socket_path and process, which is None until it was started."""

    def write_config(self):
        self.config_path.write_text(config_text(self.config))

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
                    raise ConnectionResetError(f"{self.name} closed its control socket")
                answer += part
        reply = json.loads(answer)
        if not reply["ok"]:
            raise ControlError(reply["error"])
        return reply["data"]
