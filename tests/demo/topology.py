# SPDX-License-Identifier: BSD-3-Clause
"""The demo's network: its nodes, the links between them, and the namespaces that they live in."""
import hashlib
import pathlib
from dataclasses import dataclass, field

from harness.keeper import clear
from harness.netns import Bridge, Namespace, veth


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
    """Of one demo. Their names hold a digest of its directory: two checkouts differ, and a later run finds
    what is left of one that was killed."""

    def __init__(self, directory):
        digest = hashlib.sha256(str(pathlib.Path(directory).resolve()).encode()).hexdigest()
        self.prefix = f"ferry-demo-{digest[:8]}-"

    def exists(self):
        """Names of those that are there, of this run or of another."""
        return [path.name for path in pathlib.Path("/run/netns").glob(self.prefix + "*")]

    def delete(self):
        """Ends what still runs in them, and removes them with all their interfaces."""
        clear(self.exists())

    def _add(self, word):
        return Namespace(word, self.prefix + word)

    def create(self):
        self.root = self._add("root")
        control = Bridge(self.root)
        self.root.speak("control", f"{ROOT_ADDRESS}/24")
        self.nodes = {node: self._add(node.name) for node in NODES}
        self.clients = {node: self._add(f"{node.name}-clients") for node in SITES}
        for node, space in self.nodes.items():
            control.plug(space, f"{node.management_address}/24")
        for link in LINKS:
            veth(self.nodes[link.a], link.b.name, self.nodes[link.b], link.a.name)
        for node, space in self.clients.items():
            veth(self.nodes[node], "clients", space, "ferry")
            space.speak("ferry", f"{node.client_address}/24")


def resolve(namespace, address):
    """Until the kernel there knows the neighbour's MAC address.

    Packets that wait for it leave beside those that come just then: an application's first
    ones may change places, and one that speaks RTP gives up those before the first it sees.
    """
    namespace.run("bash", "-c",
                  f"echo >/dev/udp/{address}/9; for _ in {{1..100}}; do "
                  f"[ -n \"$(ip neighbour show to {address} nud reachable)\" ] && exit; sleep 0.02; "
                  f"done; echo {address} does not answer; exit 1")
