# SPDX-License-Identifier: BSD-3-Clause
"""Processes of the demo: started in a namespace, ended with it, even if we are killed."""
import contextlib
import ctypes
import json
import pathlib
import signal
import socket
import subprocess
import time

from sessions import CONFERENCE

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def remove_runtime(name):
    """What DPDK leaves behind of an ended node, unless another of that name runs elsewhere."""
    directory = pathlib.Path(f"/var/run/dpdk/ferry-{name}")
    for path in directory.glob("dpdk_telemetry.*"):  # of one that was killed
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as telemetry:
            try:
                telemetry.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()
    with contextlib.suppress(OSError):
        directory.rmdir()


class Process:
    def __init__(self, namespace, command, log):
        self.command = [str(word) for word in command]
        self.log = log
        with open(log, "wb") as out:
            self.popen = subprocess.Popen(
                ["ip", "netns", "exec", namespace, *self.command], stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT, preexec_fn=_die_with_parent,
                start_new_session=True)

    def running(self):
        return self.popen.poll() is None

    def signal(self, number):
        if self.running():
            self.popen.send_signal(number)

    def wait(self, seconds):
        """Exit status, or None if it still runs."""
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, number, seconds=30):
        """Asks it to end; kills it if it does not. Its exit status."""
        self.signal(number)
        status = self.wait(seconds)
        if status is None:
            self.signal(signal.SIGKILL)
            status = self.wait(seconds)
        return status

    def last_words(self, lines=12):
        """The end of its log; of a sanitizer's report the beginning, which says most."""
        with open(self.log, encoding="utf-8", errors="replace") as text:
            log = text.readlines()
        report = next((n for n, line in enumerate(log)
                       if "Sanitizer: " in line or ": runtime error: " in line), len(log))
        return "".join(log[report:report + 2 * lines] + log[max(report, len(log) - lines):]
                       if report < len(log) else log[-lines:])


class Program:
    """A running program of Ferry's, and what ferryctl says about it."""

    def __init__(self, title, name, binaries, directory, namespace, socket, config):
        self.title, self.socket = title, socket
        self.ferryctl = binaries / "ferryctl"
        self.process = Process(namespace, [binaries / name, "-c", directory / f"{config}.cfg"],
                               directory / f"{config}.log")

    def _ask(self, *words):
        return subprocess.run([self.ferryctl, "-s", self.socket, *words], capture_output=True,
                              text=True, timeout=5, check=False)

    def told(self, *words):
        """What ferryctl says in JSON, or None if the program does not answer."""
        if not self.process.running():
            return None
        try:
            done = self._ask("-j", *words)
            return json.loads(done.stdout) if done.returncode == 0 else None
        except (subprocess.TimeoutExpired, json.JSONDecodeError):
            return None

    def command(self, *words):
        done = self._ask(*words)
        if done.returncode != 0:
            raise RuntimeError(f"{self.title}: ferryctl {' '.join(words)}: "
                               f"{(done.stderr or done.stdout).strip()}")

    def wait_ready(self, deadline):
        while True:
            reason = self.not_ready()
            if reason is None:
                return
            if not self.process.running():
                raise RuntimeError(f"{self.title} ended:\n{self.process.last_words()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.title}: not ready: {reason}\n"
                                   f"{self.process.last_words()}")
            time.sleep(0.1)


class FerryRoot(Program):
    """The root program: who is where, and which sessions send."""

    def __init__(self, binaries, directory, namespace, socket):
        super().__init__("The root", "ferry-root", binaries, directory, namespace, socket, "root")

    def session(self, verb, session):
        self.command("session", verb, str(CONFERENCE), str(session.id))

    def tree(self):
        return self._ask("tree").stdout

    def not_ready(self):
        nodes, sessions = self.told("nodes"), self.told("sessions")
        if nodes is None or sessions is None:
            return "does not answer"
        for node in nodes:
            if node["state"] != "up" or node["connected_to"] != node["parent"]:
                return f"{node['name']} is not in its place"
        for session in sessions:
            for node in session["nodes"]:
                if node["state"] not in ("defined", "playing", "stopped", "forwarding"):
                    return f"session {session['name']} at node {node['node']}: {node['state']}"
        return None


class Ferryd(Program):
    """A node. Ready when it knows the way to all its neighbours and clients."""

    def __init__(self, node, binaries, directory, namespace, socket):
        super().__init__(node.title, "ferryd", binaries, directory, namespace, socket, node.name)
        self.node = node

    def show(self, *what):
        return self.told("show", *what)

    def not_ready(self):
        links, sessions = self.show("links"), self.show("sessions")
        if links is None or sessions is None:
            return "does not answer"
        for link in links:
            if link["state"] in ("unresolved", "port down"):
                return f"link to {link['name']}: {link['state']}"
        for session in sessions:
            end = session["destination"]
            if end is not None and end["egress_state"] != "ready":
                return f"session {session['session_name']}: its egress is {end['egress_state']}"
        return None
