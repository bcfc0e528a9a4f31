#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A start that fails at any of its steps, or is ended there, undoes all that was begun: the file
boot_fault.c says how it fails."""

import os
import pathlib
import re
import signal
import socket
import subprocess

import pytest
from harness.program import BUILD, PATIENCE
from harness.text import config_text

FERRYD = BUILD / "tests" / "integration" / "ferryd-fault"
FERRY_ROOT = BUILD / "tests" / "integration" / "ferry-root-fault"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Start:
    """A program, its configuration, and what it may leave in its directory."""

    def __init__(self, program, directory, config, leaves):
        self.program, self.directory, self.leaves = program, directory, leaves
        self.path = directory / "config"
        self.path.write_text(config_text(config))

    def run(self, **environment):
        return subprocess.run([self.program, "-c", self.path], capture_output=True, text=True,
                              env={**os.environ, **environment}, timeout=20 * PATIENCE, check=False)

    def steps(self):
        """The table."""
        done = self.run()
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def fail(self, number, fault):
        done = self.run(FERRY_FAULT_STEP=str(number), FERRY_FAULT=str(fault))
        assert "fault\n" in done.stderr, f"step {number} was not reached: {done.stderr}"
        left = {path.name for path in self.directory.iterdir()} - {self.path.name}
        assert left <= self.leaves, (number, fault, left)
        return done


@pytest.fixture
def node(tmp_path):
    """With something to do for each step, and no network."""
    name, metrics, listen = f"fault-{os.getpid()}", free_port(), free_port()
    content = tmp_path / "content"
    content.write_text("x" * 100000)
    sessions = [
        {"id": 1, "source": 1, "destinations": [2], "flows": [{"path": "2"}], "rate": "1M",
         "ingress": {"file": str(content)}, "egress": [{"node": 2, "sink": True}]},
        {"id": 2, "source": 1, "destinations": [2], "flows": [{"path": "2"}], "rate": "1M",
         "ingress": {"udp": "10.0.0.1:5004"}, "rate_to": f"127.0.0.1:{free_port()}",
         "egress": [{"node": 2, "sink": True}]},
        {"id": 3, "source": 2, "destinations": [1], "flows": [{"path": "1"}], "rate": "1M",
         "ingress": {"generator": {"kind": "constant"}},
         "egress": [{"node": 1, "file": str(tmp_path / "written")}]}]
    start = Start(FERRYD, tmp_path, {
        "node": {"id": 1, "name": name, "socket": str(tmp_path / "node.sock")},
        "ports": [{"name": "wan", "device": "net_null0", "addresses": ["10.0.0.1/24"]}],
        "peers": [{"id": 2, "port": "wan", "address": "10.0.0.2"}],
        "management": {"root": "127.0.0.1:9", "address": f"127.0.0.1:{listen}", "plain": True,
                       "state": str(tmp_path / "state")},
        "statistics": {"file": str(tmp_path / "node.stats"), "metrics": f"127.0.0.1:{metrics}"},
        "conferences": [{"id": 7, "sessions": sessions}]},
        {"content", "node.sock.epoch"})
    yield start
    assert not pathlib.Path(f"/var/run/dpdk/ferry-{name}").exists(), "DPDK's files are left behind"


@pytest.fixture
def root(tmp_path):
    listen = free_port()
    return Start(FERRY_ROOT, tmp_path, {
        "root": {"listen": f"127.0.0.1:{listen}", "plain": True, "store": str(tmp_path / "root.db"),
                 "socket": str(tmp_path / "root.sock")},
        "nodes": [
            {"name": "toronto", "id": 1, "role": "root", "peers": [{"node": "waterloo", "address": "10.0.0.2"}]},
            {"name": "waterloo", "id": 2, "role": "leaf", "parent": "toronto",
             "peers": [{"node": "toronto", "address": "10.0.0.1"}]}],
        "conferences": [{"id": 1, "sessions": [
            {"id": 1, "source": 1, "destinations": [2], "flows": [{"path": "2"}],
             "ingress": {"udp": "10.1.0.1:5004"}}]}]}, {"root.db"})


@pytest.mark.parametrize("fault", ["before", "after"])
@pytest.mark.parametrize("program", ["node", "root"])
def test_step_that_fails(program, fault, request):
    """What follows the reason is the step, and nothing else."""
    start = request.getfixturevalue(program)
    steps = start.steps()
    assert len(steps) > 5
    for number, step in enumerate(steps):
        done = start.fail(number, fault)
        assert done.returncode == 1, (step, done.stderr)
        assert re.search(rf"fault\n[^\n]*error: start failed at: {re.escape(step)}\n", done.stderr), done.stderr
        assert not re.search(r"node 1 is up$|ready:|ended$", done.stderr, re.MULTILINE)


@pytest.mark.parametrize("program", ["node", "root"])
def test_signal_after_each_step(program, request):
    """A node does not come up any more; the root program is up for a moment."""
    start = request.getfixturevalue(program)
    for number, step in enumerate(start.steps()):
        done = start.fail(number, int(signal.SIGTERM))
        assert done.returncode == 0, (step, done.stderr)
        assert done.stderr.endswith(" ended\n") and "start failed" not in done.stderr
        assert "node 1 is up" not in done.stderr and ("ready:" in done.stderr) == (program == "root")
