# SPDX-License-Identifier: BSD-3-Clause
"""A deployment: nodes in namespaces, wires between them, clients with the kernel's own network.

    net = Deployment(stage)
    a, b = net.node(1), net.node(2)
    net.wire(a, b)
    client = net.client(a)
    net.session(1, source=1, destinations=[2], flows=["2"], ingress=client.ingress(5000))
    net.start()

Ferry's end of every veth has no kernel address; a client's end has one of each family.
"""

import itertools

from .netns import mac_of, unique, veth


def endpoint(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Client:
    """A host beside a node: its namespace, its addresses, and those of the node there."""

    def __init__(self, namespace, interface, number, port):
        self.namespace, self.interface, self.port = namespace, interface, port
        self.address, self.node_address = f"10.100.{number}.2", f"10.100.{number}.1"
        self.address6, self.node_address6 = f"fd64:{number:x}::2", f"fd64:{number:x}::1"

    def ingress(self, port, v6=False):
        """What a session's ingress is here."""
        return {"udp": endpoint(self.node_address6 if v6 else self.node_address, port)}

    def egress(self, node, port, v6=False):
        """What a session's egress to this client is."""
        return {"node": node, "udp": endpoint(self.address6 if v6 else self.address, port)}

    def mac(self):
        return mac_of(self.namespace, self.interface)


class Place:
    """A node to be: its namespace and its configuration, then the running node."""

    def __init__(self, stage, number, **node):
        self.id = number
        self.namespace = stage.namespace(f"n{number}")
        self.ports, self.peers = [], []
        self.groups = {}  # others of its configuration, by name
        self.fields = {"id": number, "name": unique("node") + f"-{number}", **node}
        self.running = None

    def add_port(self, name, addresses, **fields):
        device = f"net_af_packet{len(self.ports)},iface={name}"
        if fields.get("queues", 1) > 1:
            device += f",qpairs={fields['queues']}"
        self.ports.append({"name": name, "device": device, "addresses": addresses, **fields})

    def configuration(self, conferences):
        peers = {"peers": self.peers} if self.peers else {}
        return {"node": self.fields, "ports": self.ports, **peers, "conferences": conferences,
                **self.groups}


class Deployment:
    """See above. All sessions are of conference 1."""

    CONFERENCE = 1

    def __init__(self, stage):
        self.stage = stage
        self.places = {}
        self.sessions = []
        self.numbers = itertools.count(1)

    def node(self, number, **fields):
        self.places[number] = Place(self.stage, number, **fields)
        return self.places[number]

    def wire(self, left, right, v6=False, mtu=1500, left_mtu=None, right_mtu=None, **fields):
        """A link between two nodes, over a veth of its own."""
        number = next(self.numbers)
        ends = ((left, right, 1, left_mtu), (right, left, 2, right_mtu))
        names = {end.id: f"w{other.id}" for end, other, _, _ in ends}
        veth(left.namespace, names[left.id], right.namespace, names[right.id], mtu)

        def address(host):
            return f"fd0a:{number:x}::{host}" if v6 else f"10.0.{number}.{host}"

        for end, other, host, own_mtu in ends:
            end.add_port(names[end.id], [f"{address(host)}/{64 if v6 else 24}"],
                         mtu=own_mtu or mtu, **fields)
            end.peers.append({"id": other.id, "port": names[end.id],
                              "address": address(3 - host)})

    def client(self, place, **fields):
        """A host at a node, on a port of its own."""
        number = next(self.numbers)
        namespace = self.stage.namespace(f"c{place.id}")
        client = Client(namespace, "eth0", number, f"c{number}")
        veth(place.namespace, client.port, namespace, "eth0", fields.get("mtu", 1500))
        namespace.sysctl("net.ipv6.conf.eth0.disable_ipv6", 0)
        namespace.speak("eth0", f"{client.address}/24", f"{client.address6}/64")
        place.add_port(client.port,
                       [f"{client.node_address}/24", f"{client.node_address6}/64"], **fields)
        return client

    def session(self, number, flows, **fields):
        flows = [f if isinstance(f, dict) else {"path": f} for f in flows]
        self.sessions.append({"id": number, "flows": flows, **fields})

    def conferences(self):
        return [{"id": self.CONFERENCE, "sessions": self.sessions}]

    def start(self):
        """Starts all nodes, and waits until each knows the way to its neighbours and clients."""
        for place in self.places.values():
            place.running = self.stage.node(
                place.namespace, place.configuration(self.conferences()), start=False)
            place.running.start(wait=False)
        for place in self.places.values():
            place.running.wait_ready()
        for place in self.places.values():
            place.running.wait_resolved()
        return {number: place.running for number, place in self.places.items()}
