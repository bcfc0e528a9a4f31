# SPDX-License-Identifier: BSD-3-Clause
"""What a test, a benchmark or the demo puts up, and that goes as a whole."""

import contextlib
import functools
import signal

from . import netns
from .node import FERRYD, Node
from .raw_end import RawEnd


@functools.lru_cache(maxsize=None)
def why_not():
    """Why no node can run here, or None."""
    if not FERRYD.exists():
        return None  # a mistake, not a circumstance: the test fails and says so
    return netns.missing()


class Stage:
    """What one test (or module) put up: namespaces, nodes, ends. All of it goes at the end."""

    def __init__(self):
        self.namespaces, self.nodes, self.ends = [], [], []
        self.processes = []
        self.programs = []  # ended with delete()

    def namespace(self, word):
        space = netns.Namespace(word)
        self.namespaces.append(space)
        return space

    def node(self, namespace, config, start=True, **kwargs):
        node = Node(namespace, config, **kwargs)
        self.nodes.append(node)
        return node.start() if start else node

    def raw_end(self, namespace, interface):
        end = RawEnd(namespace, interface)
        self.ends.append(end)
        return end

    def popen(self, namespace, *command, **kwargs):
        process = namespace.popen(*command, **kwargs)
        self.processes.append(process)
        return process

    def close(self):
        """Processes first, namespaces last; all of it, even if something cannot."""
        with contextlib.ExitStack() as last_first:
            for space in self.namespaces:
                last_first.callback(space.delete)
            for end in self.ends:
                last_first.callback(end.close)
            for node in self.programs + self.nodes:
                last_first.callback(node.delete)
            for process in self.processes:
                last_first.callback(process.wait)
                last_first.callback(process.kill)

    def check(self):
        """Every node that still runs: its sums agree, and it ends cleanly when it is told to, which
        is when a sanitizer tells of leaks."""
        running = [node for node in self.nodes if node.running()]
        for node in running:
            node.check_sums()
        for node in running:
            node.process.send_signal(signal.SIGTERM)
        for node in self.nodes:
            if node.process is None:
                continue
            status = node.wait() if node in running else node.process.returncode
            if status not in ((0,) if node in running else (0, -signal.SIGKILL)):
                raise AssertionError(f"{node.name} ended with {status}:\n{node.log()}")
