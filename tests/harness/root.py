# SPDX-License-Identifier: BSD-3-Clause
"""A real ferry-root: started from a generated configuration, asked over its socket, ended."""

import json
import pathlib
import subprocess
import tempfile

from .program import BUILD, Program, until

FERRY_ROOT = BUILD / "control" / "ferry-root"


class RootProgram(Program):
    """config: the whole file as Python values, without root.store and root.socket. namespace may be
    None: the program runs where the test does."""

    name = "ferry-root"

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

    def session(self, conference, session):
        return self.ctl("sessions", conference, session)[0]

    def node(self, name):
        return next(node for node in self.ctl("nodes") if node["name"] == name)
