# SPDX-License-Identifier: BSD-3-Clause
"""One root, four relays, ten leaves, and their root program; sessions between the leaves carry
traffic while any of them is killed and started again.

The relays are also linked with each other in a ring, so some sessions pass the root node and some do
not; some stay at one relay, one has three destinations, one goes over two ways at once, and one is
the demo's video.
"""

import random
import subprocess
import time

from .traffic import Outage, Traffic
from .tree import Tree

ROOT_NODE, RELAYS, LEAVES = 1, range(2, 6), range(6, 16)
KINDS = {"program": ("^",), "root": (ROOT_NODE,), "relay": tuple(RELAYS), "leaf": tuple(LEAVES)}
RIGHT_SECONDS = 3  # until the root's picture is right again
VIDEO = 15  # its session


def relay_of(leaf):
    return RELAYS[(leaf - 6) % 4]


def next_leaf(leaf):
    return 6 + (leaf - 5) % 10


def sessions():
    """Number -> (source, path text, {destination: its ways below the source})."""
    found = {}
    for number, leaf in enumerate(LEAVES, 1):
        to = next_leaf(leaf)
        middle = (ROOT_NODE,) if number % 2 else ()
        way = (relay_of(leaf), *middle, relay_of(to), to)
        found[number] = leaf, " > ".join(map(str, way)), {to: [way]}
    found[11] = 6, "2 > 10", {10: [(2, 10)]}
    found[12] = 8, "4 > 12", {12: [(4, 12)]}
    found[13] = 7, "3 > (11, 1 > (4 > 8, 5 > 9))", {
        11: [(3, 11)], 8: [(3, 1, 4, 8)], 9: [(3, 1, 5, 9)]}
    found[14] = 15, "3 > (1 > 5 > 9, 4 > 5 > 9)", {9: [(3, 1, 5, 9), (3, 4, 5, 9)]}
    found[VIDEO] = 10, "2 > 5 > 13", {13: [(2, 5, 13)]}
    return found


def make_video(path):
    """Ten seconds, as the demo's."""
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i",
         "testsrc2=size=640x360:rate=25", "-t", "10", "-c:v", "libx264", "-profile:v", "baseline",
         "-preset", "ultrafast", "-g", "25", "-bf", "0", "-b:v", "800k", "-pix_fmt", "yuv420p",
         "-x264-params", "repeat-headers=1:slices=1", "-f", "mpegts", str(path)],
        check=True, stdin=subprocess.DEVNULL)


class Fifteen:
    """start(), kill() as often as wanted, finish()."""

    def __init__(self, stage, pps=50, **node):
        self.net = Tree(stage)
        net = self.net
        self.video = net.directory / "video.ts"
        make_video(self.video)
        net.place(ROOT_NODE, "root", **node)
        for relay in RELAYS:
            net.wire(net.places[ROOT_NODE], net.place(relay, "relay", ROOT_NODE, **node))
        for relay in RELAYS:
            net.wire(net.places[relay], net.places[2 + (relay - 1) % 4])
        for leaf in LEAVES:
            net.wire(net.places[relay_of(leaf)], net.place(leaf, "leaf", relay_of(leaf), **node))
        self.clients = {leaf: net.client(net.places[leaf]) for leaf in LEAVES}
        for number, (source, path, ends) in sessions().items():
            net.session(number, source=source, destinations=list(ends), flows=[path],
                        ingress=self.clients[source].ingress(5000 + number),
                        egress=[self.clients[to].egress(to, 6000 + number) for to in ends])
        self.traffic = Traffic(pps)
        self.nodes = None

    def start(self):
        self.nodes = self.net.start()
        self.net.wait_sessions(20)
        for place in self.net.places.values():
            place.running.wait_resolved()
        for number, (source, _, ends) in sessions().items():
            stream = self.traffic.add(number, self.clients[source], 5000 + number,
                                      self.video if number == VIDEO else None)
            for to, ways in ends.items():
                self.traffic.end(stream, to, [{source, *way} for way in ways], self.clients[to],
                                 6000 + number)
        self.traffic.start()

    def kill(self, victim, dead=0.0, limit=RIGHT_SECONDS):
        """Kills a node, or the root program ("^"), and starts it again after so many seconds.
        Returns how long from its start it took until the root's picture was right, and until the
        last session that goes through it flowed again; fails if the picture was not within a limit."""
        down = time.monotonic()
        program = self.net.root if victim == "^" else self.nodes[victim]
        program.kill()
        time.sleep(dead)
        back = time.monotonic()
        program.start(wait=False)
        self.traffic.outages.append(Outage(victim, down, back))
        program.wait_ready()
        self.net.wait_tree(limit)
        self.net.wait_sessions(limit)
        right = time.monotonic() - back
        affected = self.traffic.affected(victim)
        self.traffic.wait_all(since=back, pairs=affected)
        flows = max((pair.since(back)[1] - back for pair in affected), default=0.0)
        return right, flows

    def finish(self):
        """Ends the traffic; what was lost that must not be, as sentences."""
        self.traffic.stop()
        wrong = self.traffic.verdict()
        if wrong:
            wrong += [f"node {number} dropped {node.drops()}" for number, node in self.nodes.items()]
        return wrong

    def counts(self):
        """Datagrams sent, delivered, lost while a node they need was dead; over all pairs."""
        pairs = self.traffic.pairs
        return (sum(len(stream.sent) for stream in self.traffic.streams),
                sum(len(pair.came) for pair in pairs),
                sum(len(pair.lost(self.traffic.outages)[0]) for pair in pairs))

    def close(self):
        self.traffic.close()


def victims(count, seed):
    """So many at random, and how many seconds each is dead."""
    rng = random.Random(seed)
    everybody = [victim for kind in KINDS.values() for victim in kind]
    return [(rng.choice(everybody), rng.uniform(0, 1)) for _ in range(count)]


def one_of_each(seed):
    """The same, of each kind one."""
    rng = random.Random(seed)
    return [(rng.choice(kind), rng.uniform(0, 1)) for kind in KINDS.values()]
