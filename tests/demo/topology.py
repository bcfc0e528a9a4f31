# SPDX-License-Identifier: BSD-3-Clause
"""The demo's network: its nodes, the links between them, and the namespaces that they live in."""
import hashlib
import os
import pathlib
import signal
import subprocess
import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Node:
    id: int
    name: str
    title: str
    is_site: bool

    @property
    def ferry_client_address(self):
        """Of the node, as the site's clients see it."""
        return f"10.{self.id}.0.1"

    @property
    def client_address(self):
        return f"10.{self.id}.0.10"

    @property
    def management_address(self):
        """In a network of the kernel's, for what nodes and the root say to each other."""
        return f"10.255.0.{self.id}"


@dataclass(frozen=True)
class Link:
    a: Node
    b: Node
    network: str = field(default="")
    delay_ms: float = field(default=0)  # one way, either way

    def address(self, node):
        return self.network.replace("*", str(node.id))

    def other(self, node):
        return self.b if node == self.a else self.a

    @property
    def prefix_length(self):
        return 64 if ":" in self.network else 24


TORONTO = Node(1, "toronto", "Toronto", True)
WATERLOO = Node(2, "waterloo", "Waterloo", True)
BEIJING = Node(3, "beijing", "Beijing", True)
SHANGHAI = Node(4, "shanghai", "Shanghai", True)
VIRGINIA = Node(5, "virginia", "Virginia", False)
TOKYO = Node(6, "tokyo", "Tokyo", False)

NODES = (TORONTO, WATERLOO, BEIJING, SHANGHAI, VIRGINIA, TOKYO)
SITES = tuple(node for node in NODES if node.is_site)
RELAYS = tuple(node for node in NODES if not node.is_site)

# One-way delays in ms, about half of the round-trip times seen between these cities.
DELAYS = {
    (TORONTO, VIRGINIA): 8, (WATERLOO, VIRGINIA): 9,
    (BEIJING, VIRGINIA): 112, (SHANGHAI, VIRGINIA): 105,
    (TORONTO, TOKYO): 77, (WATERLOO, TOKYO): 78,
    (BEIJING, TOKYO): 27, (SHANGHAI, TOKYO): 16,
}

# Each site has a link to each relay; the relays speak IPv6 with each other.
LINKS = tuple(Link(site, relay, f"172.16.{10 * site.id + relay.id}.*", DELAYS[site, relay])
              for site in SITES for relay in RELAYS) + (Link(VIRGINIA, TOKYO, "fd00:56::*", 73),)


ROOT_ADDRESS = "10.255.0.100"
TREE_ROOT = VIRGINIA  # of the tree of control connections; all others are its children


def links_of(node):
    return [link for link in LINKS if node in (link.a, link.b)]


class Namespaces:
    """Namespaces of one demo. Their names hold a digest of its directory: two checkouts differ."""

    def __init__(self, directory):
        digest = hashlib.sha256(str(pathlib.Path(directory).resolve()).encode()).hexdigest()
        self.prefix = f"ferry-demo-{digest[:8]}-"

    def of(self, node):
        return self.prefix + node.name

    def of_clients(self, node):
        return self.prefix + node.name + "-clients"

    def of_root(self):
        return self.prefix + "root"

    def exists(self):
        """Names of those that are there, of this run or of one that was killed."""
        listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True)
        names = [line.split()[0] for line in listed.stdout.splitlines() if line.strip()]
        return [name for name in names if name.startswith(self.prefix)]

    def run(self, name, *command):
        done = subprocess.run(["ip", "netns", "exec", name, *command],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} in {name}: "
                               f"{(done.stderr or done.stdout).strip()}")

    def resolve(self, name, address):
        """Until the kernel there knows the neighbour's MAC address.

        Packets that wait for it leave beside those that come just then: an application's first
        ones may change places, and one that speaks RTP gives up those before the first it sees.
        """
        self.run(name, "bash", "-c",
                 f"echo >/dev/udp/{address}/9; for _ in {{1..100}}; do "
                 f"[ -n \"$(ip neighbour show to {address} nud reachable)\" ] && exit; sleep 0.02; "
                 f"done; echo {address} does not answer; exit 1")

    def create(self):
        for node in NODES:
            self._add(self.of(node))
            if node.is_site:
                self._add(self.of_clients(node))
        for link in LINKS:
            _ip("link", "add", link.b.name, "netns", self.of(link.a), "type", "veth",
                "peer", "name", link.a.name, "netns", self.of(link.b))
            self._up(self.of(link.a), link.b.name)
            self._up(self.of(link.b), link.a.name)
        for node in SITES:
            self._create_clients(node)
        self._create_management()

    def _create_management(self):
        root = self.of_root()
        self._add(root)
        _ip("-n", root, "link", "add", "management", "type", "bridge")
        _ip("-n", root, "address", "add", f"{ROOT_ADDRESS}/24", "dev", "management")
        _ip("-n", root, "link", "set", "management", "up")
        for node in NODES:
            own = self.of(node)
            _ip("link", "add", "management", "netns", own, "type", "veth",
                "peer", "name", node.name, "netns", root)
            _ip("-n", root, "link", "set", node.name, "master", "management", "up")
            _ip("-n", own, "address", "add", f"{node.management_address}/24", "dev", "management")
            _ip("-n", own, "link", "set", "management", "up")

    def _add(self, name):
        _ip("netns", "add", name)
        # Before any interface: with an address of its own the kernel would answer beside Ferry.
        self.run(name, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; "
                 "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6")

    def _up(self, name, interface):
        # What the kernel sends over veth has unfinished checksums and is larger than a packet,
        # unless it is told that the interface can do neither.
        self.run(name, "ethtool", "-K", interface, "tx", "off", "tso", "off", "gso", "off",
                 "gro", "off")
        _ip("-n", name, "link", "set", interface, "up")

    def _create_clients(self, node):
        ferry, clients = self.of(node), self.of_clients(node)
        _ip("link", "add", "clients", "netns", ferry, "type", "veth",
            "peer", "name", "ferry", "netns", clients)
        self._up(ferry, "clients")
        self._up(clients, "ferry")
        _ip("-n", clients, "link", "set", "lo", "up")
        _ip("-n", clients, "address", "add", f"{node.client_address}/24", "dev", "ferry")

    def delete(self):
        """Ends what still runs in them, and removes them with all their interfaces."""
        names = self.exists()
        for name in names:
            _kill_inhabitants(name)
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


def _ip(*arguments):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def _kill_inhabitants(name):
    for _ in range(20):
        listed = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True,
                                check=False)
        pids = [int(pid) for pid in listed.stdout.split()]
        if not pids:
            return
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
