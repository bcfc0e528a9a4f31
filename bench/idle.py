#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What six idle nodes cost, and how long a packet that wakes one takes through it.

Six real nodes with the idle policy "adaptive", in namespaces, linked as in the demo (four sites, two
relays, nine links, probes on). First nothing is sent: the CPU time of all their threads. Then packets
after random pauses, over two paths of three nodes: how long each node took, between the kernel's
time stamps of the frame's arrival there and of its arrival at the next one.
"""
import argparse
import contextlib
import json
import os
import pathlib
import random
import select
import signal
import socket
import struct
import sys
import time

import here  # noqa: F401
from harness import netns
from harness.node import Node, until
from options import set_default, writable

NAMES = {1: "toronto", 2: "waterloo", 3: "beijing", 4: "shanghai", 5: "virginia", 6: "tokyo"}
LINKS = [(site, relay) for site in (1, 2, 3, 4) for relay in (5, 6)] + [(5, 6)]
# Session -> the nodes that its packets pass.
PATHS = {1: (1, 5, 2), 2: (3, 6, 4)}
ROLES = ("source", "relay", "destination")
EGRESS_PORT, INGRESS_PORT = 6000, 5004
SO_TIMESTAMPNS = 35
ETH_P_ALL = 3
MAGIC = b"ferry bench idle"
SKIPPED = 77


def link_address(link, node):
    return f"172.16.{10 * link[0] + link[1]}.{node}"


def session(number, path):
    return {"id": number, "source": path[0], "destinations": [path[-1]],
            "flows": [{"path": " > ".join(map(str, path[1:]))}],
            "ingress": {"udp": f"10.{path[0]}.0.1:{INGRESS_PORT}"},
            "egress": [{"node": path[-1], "udp": f"10.{path[-1]}.0.10:{EGRESS_PORT}"}]}


def configuration(node, idle):
    ports, peers = [], []
    for link in LINKS:
        if node not in link:
            continue
        peer = link[1] if node == link[0] else link[0]
        ports.append({"name": NAMES[peer], "device": f"net_af_packet{len(ports)},iface=p{peer}",
                      "addresses": [f"{link_address(link, node)}/24"]})
        peers.append({"id": peer, "name": NAMES[peer], "address": link_address(link, peer),
                      "port": NAMES[peer]})
    if any(node in (path[0], path[-1]) for path in PATHS.values()):
        ports.append({"name": "clients", "device": f"net_af_packet{len(ports)},iface=clients",
                      "addresses": [f"10.{node}.0.1/24"]})
    return {"node": {"id": node, "name": NAMES[node] + f"-{os.getpid()}", "idle": idle},
            "ports": ports, "peers": peers,
            "conferences": [{"id": 1, "sessions": [session(number, path)
                                                   for number, path in PATHS.items()]}]}


class Network:
    """Namespaces, wires, nodes and clients. Ends with close()."""

    def __init__(self, idle):
        self.spaces, self.nodes = {}, {}
        try:
            self._build(idle)
        except BaseException:
            self.close()
            raise

    def _build(self, idle):
        for node in NAMES:
            self.spaces[node] = netns.Namespace(f"i{node}")
        for a, b in LINKS:
            netns.veth(self.spaces[a], f"p{b}", self.spaces[b], f"p{a}")
        for node in {path[end] for path in PATHS.values() for end in (0, -1)}:
            clients = self.spaces[f"clients of {node}"] = netns.Namespace(f"c{node}")
            netns.veth(self.spaces[node], "clients", clients, "ferry")
            clients.speak("ferry", f"10.{node}.0.10/24")
        for node in NAMES:
            self.nodes[node] = Node(self.spaces[node], configuration(node, idle))
        for node in self.nodes.values():
            node.start(wait=False)
        for node in self.nodes.values():
            node.wait_ready()
        for node in self.nodes.values():
            until(lambda n=node: all(row["state"] == "up" for row in n.show("links")), 20,
                  f"links of {node.name} are up", pause=0.1)
        for number, path in PATHS.items():
            until(lambda n=self.nodes[path[0]], s=number:
                  n.source(1, s)["state"] == "running", 20, "sources run", pause=0.1)

    def close(self):
        for node in self.nodes.values():
            node.delete()
        for space in self.spaces.values():
            space.delete()


class Threads:
    """CPU time and sleeps of a process, by thread."""

    def __init__(self, pid):
        self.tasks = pathlib.Path(f"/proc/{pid}/task")

    def read(self):
        out = {}
        for task in self.tasks.iterdir():
            with contextlib.suppress(OSError):
                name = (task / "comm").read_text().strip()
                used = int((task / "schedstat").read_text().split()[0])
                switches = [int(line.split()[1]) for line in
                            (task / "status").read_text().splitlines()
                            if line.startswith("voluntary_ctxt")]
                out[task.name] = (name, used, switches[0])
        return out


def measure_cpu(network, seconds):
    """Per node: (CPU seconds, of workers, wakes a second)."""
    threads = {node: Threads(n.process.pid) for node, n in network.nodes.items()}
    before, began = {node: t.read() for node, t in threads.items()}, time.monotonic()
    time.sleep(seconds)
    after, passed = {node: t.read() for node, t in threads.items()}, time.monotonic() - began
    rows = {}
    for node, now in after.items():
        used = workers = wakes = 0
        for task, (name, ns, switches) in now.items():
            _, ns_before, switches_before = before[node].get(task, (name, 0, 0))
            used += ns - ns_before
            wakes += switches - switches_before
            if name.startswith("rte-worker") or name.startswith("lcore-worker"):
                workers += ns - ns_before
        rows[node] = (used / 1e9 / passed, workers / 1e9 / passed, wakes / passed)
    return rows


class Tap:
    """Frames as they arrive at an interface, with the kernel's time."""

    def __init__(self, space, interface):
        with space.entered():
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.setblocking(False)
        self.socket.bind((interface, 0))

    def find(self, token):
        """When the frame with this token arrived, ns; None: not yet."""
        with contextlib.suppress(BlockingIOError):
            while True:
                frame, ancillary, _, address = self.socket.recvmsg(2048, 64)
                if address[2] != socket.PACKET_OUTGOING and token in frame:
                    seconds, ns = struct.unpack("qq", ancillary[0][2][:16])
                    return seconds * 1000000000 + ns
        return None


class Path:
    """A session's way: who sends, and a tap at each place that a packet arrives at."""

    def __init__(self, network, number):
        self.number, self.nodes = number, PATHS[number]
        first, last = self.nodes[0], self.nodes[-1]
        places = [(network.spaces[first], "clients")]
        places += [(network.spaces[node], f"p{before}")
                   for before, node in zip(self.nodes, self.nodes[1:])]
        places.append((network.spaces[f"clients of {last}"], "ferry"))
        self.taps = [Tap(space, interface) for space, interface in places]
        with network.spaces[f"clients of {first}"].entered():
            self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sender.connect((f"10.{first}.0.1", INGRESS_PORT))
        self.sent = 0
        self.delays = {role: [] for role in ROLES}

    def send(self):
        """One packet: how long each node took, us; None: it did not arrive within a second."""
        token = MAGIC + struct.pack("!II", self.number, self.sent)
        self.sent += 1
        for tap in self.taps:
            tap.find(token)  # forgets the probes
        self.sender.send(token.ljust(200, b"."))
        times, end = [None] * len(self.taps), time.monotonic() + 1
        while None in times and time.monotonic() < end:
            select.select([self.taps[-1].socket], [], [], 0.005)
            times = [old if old is not None else tap.find(token)
                     for old, tap in zip(times, self.taps)]
        if None in times:
            return False
        for role, came, went in zip(ROLES, times, times[1:]):
            self.delays[role].append((went - came) / 1e3)
        return True


def measure_wakes(network, packets):
    """Sends so many over each path, after random pauses; the paths, and how many were lost."""
    paths = [Path(network, number) for number in PATHS]
    for path in paths:  # neighbours are resolved
        until(path.send, 5, "a first packet arrives")
        for delays in path.delays.values():
            delays.clear()
    due = {path: time.monotonic() + random.uniform(0.05, 0.5) for path in paths}
    lost, left = 0, packets * len(paths)
    while left > 0:
        path = min(due, key=due.get)
        time.sleep(max(0, due[path] - time.monotonic()))
        lost += not path.send()
        due[path] = time.monotonic() + random.uniform(0.05, 0.5)
        left -= 1
    return paths, lost


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def print_cpu(rows, seconds):
    print(f"Idle for {seconds:g} s, probes each 200 ms: share of one core")
    print(f"{'node':10} {'links':>5} {'worker':>8} {'all':>8} {'wakes/s':>8}")
    for node, (used, workers, wakes) in rows.items():
        links = sum(node in link for link in LINKS)
        print(f"{NAMES[node]:10} {links:5} {workers:8.2%} {used:8.2%} {wakes:8.0f}")
    total = sum(used for used, _, _ in rows.values())
    print(f"{'six nodes':10} {'':5} {sum(w for _, w, _ in rows.values()):8.2%} {total:8.2%}\n")
    return total


def print_wakes(delays):
    print("Through a node after idleness (pauses of 50 to 500 ms), microseconds")
    print(f"{'node as':12} {'packets':>7} {'p50':>7} {'p90':>7} {'p99':>7} {'max':>7}")
    figures = {}
    for role, values in delays.items():
        shown = [percentile(values, share) for share in (0.5, 0.9, 0.99)] + [max(values)]
        print(f"{role:12} {len(values):7} " + " ".join(f"{value:7.0f}" for value in shown))
        figures[role] = shown[2]
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--json", metavar="FILE", type=writable, help="writes the figures to FILE")
    parser.add_argument("--quick", action="store_true",
                        help="a short form that only proves that the program works")
    parser.add_argument("--seconds", type=float, help="of idleness (10)")
    parser.add_argument("--packets", type=int, help="over each of two paths (150)")
    parser.add_argument("--idle", choices=("adaptive", "poll"), default="adaptive",
                        help="the nodes' idle policy (adaptive)")
    options = parser.parse_args()
    set_default(options, seconds=(10, 1), packets=(150, 5))
    if options.seconds <= 0 or options.packets < 1:
        parser.error("--seconds and --packets must be more than 0")
    why = netns.missing()
    if why:
        print(f"idle: {why}", file=sys.stderr)
        return SKIPPED

    network = Network(options.idle)
    try:
        time.sleep(0.5 if options.quick else 3)
        total = print_cpu(measure_cpu(network, options.seconds), options.seconds)
        paths, lost = measure_wakes(network, options.packets)
    finally:
        network.close()
    delays = {role: [delay for path in paths for delay in path.delays[role]] for role in ROLES}
    delays["all"] = [delay for role in ROLES for delay in delays[role]]
    if not delays["all"]:
        print("idle: no packet arrived", file=sys.stderr)
        return 1
    p99 = print_wakes(delays)
    if lost:
        print(f"{lost} packets did not arrive within a second")
    figures = {"idle_cpu_six_nodes": total, "wake_p99_us": p99["all"], "lost": lost,
               **{f"wake_p99_{role}_us": p99[role] for role in ROLES}}
    if options.json:
        pathlib.Path(options.json).write_text(
            json.dumps({"benchmark": "idle", "figures": figures}, indent=2) + "\n",
            encoding="ascii")
    return 1 if lost else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # nodes and namespaces go in any case
    sys.exit(main())
