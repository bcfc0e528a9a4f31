# SPDX-License-Identifier: BSD-3-Clause
"""Processes that are watched and ended, and what ferryd and ferry-root have in common: their
configuration, their start, their socket."""

import atexit
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

from . import child
from .text import config_text

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FERRY_BUILD") or ROOT / "build").resolve()
FERRYCTL = BUILD / "control" / "ferryctl"

# Slow builds (sanitizers) and busy machines stretch every wait.
PATIENCE = float(os.environ.get("FERRY_PATIENCE", "1"))


class Failed(AssertionError):
    """What was waited for did not come, or who should run has ended; the text says all of it."""


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
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(pause)


class Process:
    """A child in a namespace, or where we are (None); its output is added to a file."""

    process = None  # until it was started

    def __init__(self, name, namespace, log_path):
        self.name, self.namespace, self.log_path = name, namespace, log_path

    def spawn(self, *command, **options):
        if self.process is None:
            atexit.register(self.delete)
        start = child.start if self.namespace is None else self.namespace.popen
        with open(self.log_path, "ab") as log:
            self.process = start(*command, **{
                "stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **options})
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    def check(self):
        """It runs."""
        if not self.running():
            raise Failed(f"{self.name} ended with {self.process.returncode}:\n{self.log()}")

    def kill(self):
        """Without any chance to say goodbye."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=10, number=signal.SIGTERM):
        """Returns the exit status."""
        self.process.send_signal(number)
        return self.wait(seconds)

    def wait(self, seconds=10):
        """Its exit status, when it has been told to end."""
        try:
            return self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f"{self.name} did not end within {seconds} s:\n{self.log()}") from None

    def delete(self):
        if self.running():
            self.kill()

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_log(self, pattern, seconds=5, since=0):
        """Waits for a line of the log that has the pattern; since: a length of log() before."""
        def found():
            running = self.running()
            match = re.search(pattern, self.log()[since:])
            if not match and not running:
                self.check()
            return match

        return until(found, seconds,
                     lambda: f"{self.name} logs /{pattern}/ in\n{self.log()[since:]}", pause=0.05)


class ControlError(Exception):
    """The program refused a command; the text is its answer."""


class Program(Process):
    """A subclass has its binary, and hello: a command that it answers as soon as it is up. config: the
    whole file as Python values, kept as NAME.cfg in the directory, beside NAME.log. A directory that
    is given stays, one of its own goes with it; socket_path is where the configuration has it."""

    def __init__(self, name, namespace, config, directory=None, files=None):
        self.own_directory = directory is None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="ferry-test-"))
        super().__init__(name, namespace, self.directory / f"{name}.log")
        self.config = json.loads(json.dumps(config))  # a copy
        self.config_path = self.directory / f"{name}.cfg"
        for file, text in (files or {}).items():
            (self.directory / file).write_text(text)

    def write_config(self):
        self.config_path.write_text(config_text(self.config))

    def start(self, wait=True):
        if not self.binary.exists():
            raise Failed(f"{self.binary} is missing: build it, or set FERRY_BUILD")
        self.spawn(self.binary, "-c", self.config_path, cwd=self.directory)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        def ready():
            self.check()
            try:
                return self.ctl(*self.hello) is not None
            except OSError:
                return False

        until(ready, 20, f"{self.name} answers at {self.socket_path}")

    def delete(self):
        super().delete()
        if self.own_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

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

    def ferryctl(self, *words, check=True):
        """The program itself."""
        done = subprocess.run(
            [FERRYCTL, "--socket", self.socket_path, *map(str, words)], capture_output=True,
            text=True, timeout=20 * PATIENCE, check=False)
        assert not check or done.returncode == 0, f"ferryctl {words}: {done.stdout}{done.stderr}"
        return done
