#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Four sites and two relays on one machine: video, two more sessions and a file between them.

Each site and relay is a ferryd of its own in a network namespace of its own, and knows only its
ports, its certificate and where the root program is; all else comes from there. At the end every
frame of the video is compared with those sent, and the file with its copies; the exit status is 0
only if all came as it was sent.
"""
import argparse
import fcntl
import hashlib
import json
import math
import os
import pathlib
import shutil
import signal
import sys
import time

from rich.console import Console
from rich.live import Live
from rich.markup import escape

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import measure
import media
import sessions
import tables
import topology
from harness import child
from harness.node import BUILD, FERRYCTL, FERRYD, ROOT, ControlError, Node
from harness.program import Failed, until
from harness.root import FERRY_ROOT, RootProgram, make_certificates

SPLIT_DEVIATIONS = 5.5  # as each packet's flow is drawn: that many once in 26 million runs
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
OWN_FILES = ("*.cfg", "*.log", "*.png", "report.json", "root.db*")
MARKER = "made-by-ferry-demo"  # says that a directory is ours; locked while a demo runs there


class Failure(Exception):
    """Something that kept the demo from running at all."""


def parse_arguments():
    parser = argparse.ArgumentParser(prog="run demo", description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=20, metavar="N",
                        help="length of the video, 4 to 600 (default: 20)")
    parser.add_argument("--break", dest="taken_down", choices=[r.name for r in topology.RELAYS],
                        metavar="RELAY", help="kill a relay midway: "
                        + " or ".join(relay.name for relay in topology.RELAYS))
    parser.add_argument("--directory", type=pathlib.Path, metavar="DIR",
                        help="for configurations, logs and pictures: a new or empty one, or that of an "
                        "earlier demo, whose files go (default: build/demo)")
    arguments = parser.parse_args()
    if not 4 <= arguments.seconds <= 600:
        parser.error(f"--seconds is {arguments.seconds}, it must be 4 to 600")
    return arguments


class Demo:
    def __init__(self, arguments, console):
        self.seconds = arguments.seconds
        self.console = console
        self.break_relay = next((r for r in topology.RELAYS if r.name == arguments.taken_down), None)
        self.chosen = arguments.directory is not None
        self.directory = (arguments.directory or BUILD / "demo").resolve()
        self.namespaces = topology.Namespaces(self.directory)
        self.sockets = pathlib.Path("/run") / self.namespaces.prefix.rstrip("-")
        self.processes = []
        self.ferryds = {}
        self.taken_down = None
        self.snapshot = None
        self.split = {}

    # Before and after

    def prepare(self):
        for program in (FERRYD, FERRYCTL, FERRY_ROOT):
            if not program.exists():
                raise Failure(f"{program} is not there: ./run build makes it")
        self.take_directory()
        if self.namespaces.exists():
            self.say("removing what an earlier run left behind")
            self.namespaces.delete()
        for name in OWN_FILES:
            for path in self.directory.glob(name):
                path.unlink()
        for node in ("sent", "certificates", *(node.name for node in topology.NODES)):
            shutil.rmtree(self.directory / node, ignore_errors=True)
        shutil.rmtree(self.sockets, ignore_errors=True)
        self.sockets.mkdir(mode=0o700)

    def take_directory(self):
        """Only one where nothing is that is not a demo's: what is there goes."""
        marker = self.directory / MARKER
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            if self.chosen and not marker.exists() and any(self.directory.iterdir()):
                raise Failure(f"{self.directory} holds other files than a demo's, and a demo removes "
                              "what is where it works: give --directory a new or an empty directory")
            self.lock = open(marker, "w", encoding="ascii")
        except OSError as error:
            raise Failure(f"{self.directory} cannot be used: {error.strerror}") from error
        self.lock.write("The next ./run demo in this directory removes what the last one wrote.\n")
        self.lock.flush()
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Failure(f"a demo runs already in {self.directory}") from error

    def clean(self):
        ignore_signals()
        for process in self.processes:
            process.delete()
        self.namespaces.delete()
        shutil.rmtree(self.sockets, ignore_errors=True)
        if "SUDO_UID" in os.environ:
            self.give_back(int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"]))

    def give_back(self, user, group):
        """To who ran sudo: the directory, and what is in it."""
        os.chown(self.directory, user, group)
        for path in self.directory.rglob("*"):
            os.chown(path, user, group, follow_symlinks=False)

    def say(self, text):
        self.console.print(text, highlight=False)

    # The network

    def start_nodes(self):
        self.namespaces.create()
        certificates = self.directory / "certificates"
        make_certificates(certificates, [node.name for node in topology.NODES])
        for name in ("sent", *(node.name for node in topology.NODES)):
            (self.directory / name).mkdir()
        (self.directory / "sent" / sessions.FILE_NAME).write_bytes(os.urandom(sessions.FILE_BYTES))
        # Sockets' paths must be short.
        self.root = RootProgram(
            sessions.root_config(self.directory, self.sockets / "root.sock", certificates),
            self.namespaces.root, directory=self.directory)
        for node in topology.NODES:
            self.ferryds[node] = Node(
                self.namespaces.nodes[node],
                sessions.node_config(node, self.sockets / f"{node.name}.sock", certificates),
                directory=self.directory)
        for program in (self.root, *self.ferryds.values()):
            self.processes.append(program.start(wait=False))

    def wait_ready(self):
        for program in (self.root, *self.ferryds.values()):
            program.wait_ready()
        self.root.wait_tree(30)
        self.root.wait_sessions(30)
        for ferryd in self.ferryds.values():
            ferryd.wait_resolved()
        self.say(self.root.ferryctl("tree").stdout)

    # Traffic

    def wait_listening(self):
        """What comes to an ffmpeg that does not listen yet is lost."""
        for receiver in self.receivers.values():
            until(receiver.listening, 30, lambda: f"{receiver.name} listens:\n{receiver.log()}", 0.05)

    def start_traffic(self):
        self.receivers = {
            site: media.Receiver(self.namespaces.clients[site], site, self.directory)
            for site in sessions.VIDEO.destinations}
        self.processes += self.receivers.values()
        self.wait_listening()
        for session in (sessions.TWO_PATHS, sessions.TWICE, sessions.FILE):
            self.root.ctl("session", "start", sessions.CONFERENCE, session.id)
        source = sessions.VIDEO.source
        topology.resolve(self.namespaces.clients[source], source.ferry_client_address)
        self.sender = media.Sender(self.namespaces.clients[source],
                                   self.directory / "sent" / "video.ts",
                                   source.ferry_client_address, self.directory)
        self.processes.append(self.sender)

    def frames(self):
        return {site: receiver.frames() for site, receiver in self.receivers.items()}

    def take_down(self):
        self.ferryds[self.break_relay].kill()
        self.taken_down = self.break_relay

    def watch(self):
        """Until the video and the file are sent and what is on its way has come."""
        begin = time.monotonic()
        limit = self.seconds + media.RUN_OUT_SECONDS + 15
        live = Live(console=self.console, auto_refresh=False) if self.console.is_terminal else None
        if live:
            live.start()
        try:
            rounds = 0
            while True:
                seconds = time.monotonic() - begin
                if self.break_relay and not self.taken_down and seconds > self.seconds / 2 \
                        and all(self.frames().values()):
                    self.take_down()
                self.snapshot = measure.take(self.ferryds, self.snapshot)
                self.check_alive()
                if live:
                    live.update(tables.live(self.snapshot, self.frames(), seconds, self.seconds,
                                            self.taken_down), refresh=True)
                elif rounds % 5 == 0:
                    self.say(tables.plain(self.snapshot, self.frames(), seconds))
                rounds += 1
                if not self.sender.running() and (
                        self.snapshot.states[sessions.FILE] == "finished" or seconds > limit):
                    break
                if seconds > limit:
                    raise Failure(f"ffmpeg did not send the video in {limit} s")
                time.sleep(max(0.0, rounds - (time.monotonic() - begin)))
        finally:
            if live:
                live.stop()

    def check_alive(self):
        for program in (self.root, *(ferryd for node, ferryd in self.ferryds.items()
                                     if node is not self.taken_down)):
            program.check()

    def end_traffic(self):
        for session in (sessions.TWO_PATHS, sessions.TWICE):
            self.root.ctl("session", "stop", sessions.CONFERENCE, session.id)
        time.sleep(1.5)  # what is on its way arrives, and reordering windows give up
        self.snapshot = measure.take(self.ferryds, self.snapshot)
        self.split = measure.split_of(self.ferryds[sessions.TWO_PATHS.destinations[0]],
                                      sessions.TWO_PATHS)
        for receiver in self.receivers.values():
            receiver.finish()

    def stop_nodes(self):
        """Each must end by itself when told to."""
        for ferryd in self.ferryds.values():
            ferryd.process.terminate()
        statuses = {node: ferryd.wait(30) for node, ferryd in self.ferryds.items()}
        self.root_status = self.root.stop(30)
        return {node: status for node, status in statuses.items()
                if status != 0 and node is not self.taken_down}

    # What came of it

    def compare_frames(self):
        sent = media.frame_hashes(self.directory / "sent" / "video.ts")
        self.comparisons, self.pictures = {}, {}
        for site, receiver in self.receivers.items():
            received = media.frame_hashes(receiver.video)
            self.comparisons[site] = media.compare(sent, received)
            picture = self.directory / f"{site.name}.png"
            saved = media.save_picture(receiver.video, len(received) * 3 // 4, picture)
            self.pictures[site] = self.shown(picture) if saved else None
        source = sessions.VIDEO.source
        picture = self.directory / f"{source.name}.png"
        media.save_picture(self.directory / "sent" / "video.ts", len(sent) * 3 // 4, picture)
        self.sent_picture = self.shown(picture)

    def shown(self, path):
        return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path

    def file_results(self):
        results = []
        paths = [(f"{sessions.FILE.source.title} (sent)", self.directory / "sent")]
        paths += [(site.title, self.directory / site.name) for site in sessions.FILE.destinations]
        for title, directory in paths:
            path = directory / sessions.FILE_NAME
            data = path.read_bytes() if path.exists() else None
            results.append((title, None if data is None else len(data),
                            None if data is None else hashlib.sha256(data).hexdigest()))
        return results

    def checks(self, files, unclean):
        """(what should be, whether it is), one by one."""
        for site, result in self.comparisons.items():
            yield (f"every frame came to {site.title} as it was sent",
                   result.sent > 0 and result.missing == 0 and result.foreign == 0)
            yield f"a picture of {site.title}'s video", self.pictures[site] is not None
        for end in self.snapshot.ends:
            yield (f"no packet of session {end.session.name} was lost on its way to "
                   f"{end.node.title}", bool(end.sent) and end.lost == 0)
        twice = self.snapshot.end(sessions.TWICE, sessions.TWICE.destinations[0])
        yield ("session twice came twice, and was delivered once",
               bool(twice.delivered) and twice.duplicates == twice.delivered)
        total = sum(self.split.values())
        tolerance = SPLIT_DEVIATIONS * math.sqrt(math.prod(sessions.SPLIT) / 1e4 / max(total, 1))
        yield (f"session two-paths is split 25 : 75 (within {100 * tolerance:.1f} points)",
               total > 0 and all(abs(self.split.get(flow, 0) / total - weight / 100) <= tolerance
                                 for flow, weight in enumerate(sessions.SPLIT)))
        for title, _, digest in files[1:]:
            yield f"the file at {title} is the one sent", digest == files[0][2]
        yield "every node ended cleanly", not unclean
        yield "the root ended cleanly", self.root_status == 0

    def report(self, unclean):
        files = self.file_results()
        checks = list(self.checks(files, unclean))
        tables.show(self.console, tables.frames(self.comparisons, self.pictures))
        self.say(f"As sent from {sessions.VIDEO.source.title}: {self.sent_picture}\n")
        tables.show(self.console, tables.sessions(self.snapshot))
        tables.show(self.console, tables.split(self.split, sessions.TWO_PATHS.flows))
        tables.show(self.console, tables.files(files))
        for node, status in unclean.items():
            self.say(escape(f"{node.title}: ferryd ended with status {status}:\n{self.ferryds[node].log()}"))
        failed = [what for what, holds in checks if not holds]
        for what in failed:
            self.console.print(f"[bold red]not so:[/] {what}", highlight=False)
        (self.directory / "report.json").write_text(json.dumps({
            "frames": {site.name: vars(result) for site, result in self.comparisons.items()},
            "sessions": [{"session": end.session.name, "to": end.node.name, "sent": end.sent,
                          "delivered": end.delivered, "lost": end.lost,
                          "duplicates": end.duplicates, "delay_us": end.delay}
                         for end in self.snapshot.ends],
            "split": self.split,
            "checks": {what: holds for what, holds in checks},
        }, indent=1), encoding="utf-8")
        self.say(f"{len(checks) - len(failed)} of {len(checks)} checks hold"
                 + ("" if failed else ": all came as it was sent"))
        return not failed

    def run(self):
        self.prepare()
        try:
            self.say("Starting a root, and six nodes that know only their ports and it: "
                     + ", ".join(n.title for n in topology.NODES))
            self.start_nodes()
            media.make(self.directory / "sent" / "video.ts", self.seconds)
            self.wait_ready()
            self.say("Sending")
            self.start_traffic()
            self.watch()
            self.end_traffic()
            unclean = self.stop_nodes()
            self.say("Comparing")
            self.compare_frames()
            return self.report(unclean)
        finally:
            self.clean()


def ignore_signals():
    """From the first one on: a second Ctrl-C must not stop the cleaning up."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def on_signal(number, frame):
    ignore_signals()
    raise KeyboardInterrupt


def main():
    arguments = parse_arguments()
    console = Console(width=None if sys.stdout.isatty() else 140)
    if os.geteuid() != 0:
        console.print("The demo needs root, for its network namespaces: ./run demo asks for it")
        return 1
    for number in SIGNALS:
        signal.signal(number, on_signal)
    child.sessions(niced=False)
    demo = Demo(arguments, console)
    try:
        return 0 if demo.run() else 1
    except KeyboardInterrupt:
        console.print("\nStopped; all that was started is ended.")
        return 130
    except (Failure, Failed, ControlError, RuntimeError) as error:
        console.print(f"[bold red]The demo could not run:[/] {escape(str(error))}", highlight=False)
        return 1


if __name__ == "__main__":
    sys.exit(main())
