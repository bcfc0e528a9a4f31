# SPDX-License-Identifier: BSD-3-Clause
"""The node that the conformance tests judge, and its neighbours, which the tests play by hand.

Node 10 has four ports on veth: `a` (IPv4 and IPv6), `v` (the same behind a VLAN tag), `s` (a small
MTU), and `c` (by net_pcap, for below af_packet the kernel puts fragments of IPv4 together). Every frame that
reaches the far ends is seen, and every counter of the node is read
before and after, so that a test can say of each packet all that it did, and that it did no more.
"""

import time

import ferry_routes
import ferry_scapy as fs
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

from harness.netns import mac_of, veth
from harness.node import came_and_went, until

NODE = 10
CONF = 7
VLAN = 42
SMALL_MTU = 600

# Ports of the node: its own addresses, VLAN, MTU.
PORTS = {
    "a": ("10.1.0.10", "fd01::10", 0, 1500),
    "v": ("10.2.0.10", "fd02::10", VLAN, 1500),
    "s": ("10.3.0.10", None, 0, SMALL_MTU),
    "c": ("10.4.0.10", None, 0, 1500),
}
DRIVER = {"c": "net_pcap{0},iface=f{1},phy_mac=1"}

# NodeID: port, address, what is resolved to reach it (another address: a gateway).
PEERS = {
    21: ("a", "10.1.0.21", None),
    22: ("a", "10.1.0.22", None),
    31: ("a", "fd01::31", None),
    32: ("a", "fd01::32", None),
    41: ("v", "10.2.0.41", None),
    42: ("v", "fd02::42", None),
    51: ("s", "10.3.0.51", None),
    81: ("c", "10.4.0.81", None),
    61: ("a", "10.77.0.61", "10.1.0.1"),  # behind the gateway
    71: ("a", "10.1.0.71", "nobody"),  # does not answer
}

# Clients' addresses, which egress goes to: port and address.
CLIENTS = {"v4": ("a", "10.1.0.200"), "v6": ("a", "fd01::200"), "vlan": ("v", "10.2.0.200")}
EGRESS_PORT = 6000

# Sessions that start here: number -> (ingress address, destinations, flows).
# 99 and 98 are nodes further away, peers of our peers.
V4, V6, TAGGED = "10.1.0.10", "fd01::10", "10.2.0.10"
SOURCES = {
    1: (V4, [21], ["21"]),
    2: (V4, [22], ["21 > 22"]),
    3: (V4, [21, 22], ["(21, 22)"]),
    4: (V4, [22, 31], ["21 > (22, 31)"]),
    5: (V4, [21, 22], ["21* > 22"]),
    6: (V4, [99], ["(21 > 99, 22 > 99)"]),
    7: (V4, [99], ["21 > 99", "22 > 99"]),
    8: (V6, [31], ["31"]),
    9: (V6, [98, 99], ["31 > (98, 99)"]),
    10: (V6, [31, 32], ["(31, 32)"]),
    11: (V4, [21, 31, 41, 42], ["(21, 31, 41, 42)"]),
    12: (TAGGED, [41], ["41"]),
    13: (TAGGED, [42], ["42"]),
    14: (V4, [61], ["61"]),
    15: (V6, [21], ["21"]),
    16: (V4, [31], ["31"]),
    17: (V6, [99], ["(31 > 99, 32 > 99)"]),
}
STOPPED, POLICED = 18, 19  # sources too: not started; with a bucket of two packets
POLICED_BURST = 2000

# Sessions that end here, from source 21: number -> egress.
SINK, EGRESS4, EGRESS6, EGRESS_VLAN, ORDERED = 20, 21, 22, 23, 24
CODED_BLOCK, CODED_WINDOW = 25, 26
ENDS = (SINK, EGRESS4, EGRESS6, EGRESS_VLAN, ORDERED, CODED_BLOCK, CODED_WINDOW)
CODING = {CODED_BLOCK: {"code": "block", "k": 8, "repair": "50%", "deadline": "5s"},
          CODED_WINDOW: {"code": "window", "window": 8, "repair": "50%", "deadline": "5s"}}
ELSEWHERE = 30  # known here, but for node 22
UNKNOWN = 999
WINDOW = 64
MS_HELD = 500

# Counters that say how much passed; all the rest of what a node shows is state or rates.
_LINK = ("tx_packets", "tx_bytes", "tx_control", "tx_drops", "ring_drops", "rx_packets", "rx_bytes",
         "rx_control", "rx_lost", "rx_reordered", "rx_duplicates", "epochs")
_SOURCE = ("packets", "bytes", "policed", "oversize", "while_stopped", "no_buffer")
_DESTINATION = ("packets", "bytes", "lost", "reordered", "duplicates", "too_old", "egress_drops",
                "epochs", "held")
_NODE = ("received", "originated", "copies", "sent", "delivered", "consumed", "queued", "dropped")


def ingress_port(session):
    return 5000 + session


def _session(number, **more):
    return {"id": number, "name": f"s{number}", "window": WINDOW, **more}


def configuration(name):
    def address(text):
        return f"[{text}]" if ":" in text else text

    sources = [
        _session(n, source=NODE, destinations=destinations, delay_sensitive=n == 16,
                 flows=[{"path": path, "weight": 1} for path in flows],
                 ingress={"udp": f"{address(at)}:{ingress_port(n)}"})
        for n, (at, destinations, flows) in SOURCES.items()
    ]
    for number, more in ((STOPPED, {"start": False}),
                         (POLICED, {"rate": 1000, "burst": POLICED_BURST, "payload": 1000})):
        sources.append(_session(
            number, source=NODE, destinations=[21], flows=[{"path": "21"}],
            ingress={"udp": f"{V4}:{ingress_port(number)}"}, **more))
    # What makes them is node 21's; here only where they end counts.
    ends = {"ingress": {"generator": {"size": 100}}, "source": 21, "rate": 1000000}
    egress = {
        EGRESS4: {"udp": f"{CLIENTS['v4'][1]}:{EGRESS_PORT}"},
        EGRESS6: {"udp": f"[{CLIENTS['v6'][1]}]:{EGRESS_PORT}"},
        EGRESS_VLAN: {"udp": f"{CLIENTS['vlan'][1]}:{EGRESS_PORT}"},
        SINK: {"sink": True},
        ORDERED: {"udp": f"{CLIENTS['v4'][1]}:{EGRESS_PORT + 1}"},
        CODED_BLOCK: {"udp": f"{CLIENTS['v4'][1]}:{EGRESS_PORT}"},
        CODED_WINDOW: {"sink": True},
    }
    destinations = [
        _session(n, destinations=[NODE], flows=[{"path": f"{NODE}"}],
                 egress=[{"node": NODE, **kind}], **ends,
                 **({"reorder": {"packets": 16, "ms": MS_HELD}} if n == ORDERED else {}),
                 **({"coding": CODING[n]} if n in CODING else {}))
        for n, kind in egress.items()
    ]
    destinations.append(_session(ELSEWHERE, destinations=[22], flows=[{"path": "22"}], **ends))
    return {
        "node": {"id": NODE, "name": name, "probe": 0},
        "ports": [
            {"name": port, "mtu": mtu, "vlan": vlan,
             "device": DRIVER.get(port, "net_af_packet{0},iface=f{1}").format(i, port),
             "addresses": [f"{v4}/24"] + ([f"{v6}/64"] if v6 else []),
             **({"gateways": ["10.1.0.1"]} if port == "a" else {})}
            for i, (port, (v4, v6, vlan, mtu)) in enumerate(PORTS.items())
        ],
        # Not paced: each packet leaves in the turn in which it came.
        "peers": [{"id": n, "address": address, "port": port, "pacing": "none"}
                  for n, (port, address, _) in PEERS.items()],
        "conferences": [{"id": CONF, "sessions": sources + destinations}],
    }


class Peer:
    """A neighbour, with the state of its side of the link."""

    def __init__(self, bench, number):
        port, self.address, gateway = PEERS[number]
        self.id, self.port, self.bench = number, port, bench
        self.v6 = ":" in self.address
        self.end = bench.ends[port]
        self.mac = f"02:00:00:00:00:{number:02x}"
        self.node_address = PORTS[port][1 if self.v6 else 0]
        self.vlan = PORTS[port][2]
        self.epoch = int(time.time()) & 0xFFFF
        self.next_seq, self.next_control_seq = 100000, 500
        self.reachable = gateway != "nobody"
        if self.reachable:
            self.end.play(gateway or self.address, self.mac)
        self.node_seq = self.node_control_seq = None  # the node's next ones to us

    def link(self, kind=fs.DATA, **fields):
        """A link header as this peer sends it; a sequence is taken unless it is given."""
        seq = fields.pop("seq", None)
        if seq is None and kind == fs.DATA:
            seq = self.next_seq
            self.next_seq += 1
        elif seq is None:
            seq = self.next_control_seq
            self.next_control_seq += 1
        values = {"type": kind, "epoch": self.epoch, "node": self.id, "seq": seq,
                  "stamp": int(time.time() * 1e6) & 0xFFFFFFFF, "rtt": 1000}
        return fs.FerryLink(**{**values, **fields})

    def data(self, route, session, payload=b"payload", **link):
        """DATA to the node: its Pathlet from the text form (10 comes first), or as bytes."""
        pathlet = route
        if isinstance(route, str):
            (branch,) = ferry_routes.tree(route)
            pathlet = ferry_routes.own_pathlet(branch)
        return bytes(self.link(**link)) + bytes(pathlet) + bytes(session) + payload

    def frame(self, datagram, ip=None, udp=None, ether=None):
        """A UDP payload as a frame from this peer to the node; layers' fields may be replaced."""
        layers = Ether(**{"src": self.mac, "dst": self.bench.macs[self.port], **(ether or {})})
        if self.vlan:
            layers /= Dot1Q(vlan=self.vlan)
        if self.v6:
            layers /= IPv6(**{"src": self.address, "dst": self.node_address, "hlim": 64,
                              **(ip or {})})
        else:
            layers /= IP(**{"src": self.address, "dst": self.node_address, "flags": "DF", "id": 0,
                            **(ip or {})})
        checksum = {} if self.v6 else {"chksum": 0}
        ports = {"sport": fs.UDP_PORT, "dport": fs.UDP_PORT}
        return bytes(layers / UDP(**{**ports, **checksum, **(udp or {})}) / Raw(datagram))


class Source:
    """What a session's source counts."""

    def __init__(self):
        self.epoch = int(time.time()) & 0xFFFF
        self.next_seq, self.next_flow_seq = 100000, 7

    def restart(self, seq=0):
        """A newer epoch."""
        self.epoch = (self.epoch + 1) & 0xFFFF
        self.next_seq, self.next_flow_seq = seq, 0


class Bench:
    """Everything together; one for the whole run."""

    def __init__(self, stage):
        space, far = stage.namespace("conf"), stage.namespace("peer")
        self.ends, self.macs = {}, {}
        for port in PORTS:
            veth(space, f"f{port}", far, f"p{port}")
            self.ends[port] = stage.raw_end(far, f"p{port}")
            self.macs[port] = mac_of(space, f"f{port}")
        self.peers = {number: Peer(self, number) for number in PEERS}
        self.client_macs = {}
        for i, (name, (port, address)) in enumerate(CLIENTS.items()):
            self.client_macs[name] = f"02:00:00:00:01:{i:02x}"
            self.ends[port].play(address, self.client_macs[name])
        self.node = stage.node(space, configuration(space.name + "-10"))
        self.epoch = self.node.show("node")["epoch"]
        self.sources = {}
        self.failures = 0
        self.originated = self.consumed = 0  # by tests, not by the underlay
        until(self._resolved, 10, "all neighbours are resolved")

    def _resolved(self):
        links = {row["id"]: row["neighbour"] for row in self.node.show("links")}
        ends = [row["destination"]["egress_state"] for row in self.node.show("sessions")
                if row["destination"]]
        return (all(links[p.id] == "reachable" for p in self.peers.values() if p.reachable)
                and all(state == "ready" for state in ends))

    def forget(self):
        """Takes whatever sequences come next from the node."""
        time.sleep(0.2)
        for peer in self.peers.values():
            peer.node_seq = peer.node_control_seq = None

    # --- packets -----------------------------------------------------------------------------

    def source(self, number):
        """The state of a session's source, which is node 21."""
        return self.sources.setdefault(number, Source())

    def session(self, number=SINK, **fields):
        """A session header of its source: the next sequences are taken unless they are given."""
        source = self.source(number)
        values = {"conference": CONF, "session": number,
                  "stamp": int(time.time() * 1e6) & 0xFFFFFFFF, "epoch": source.epoch, "flow": 0,
                  "flags": 0}
        if "seq" not in fields:
            values["seq"] = source.next_seq
            source.next_seq += 1
        if "flow_seq" not in fields:
            values["flow_seq"] = source.next_flow_seq
            source.next_flow_seq += 1
        return fs.FerrySession(**{**values, **fields})

    # --- counters ----------------------------------------------------------------------------

    def counters(self):
        """All counters of the node as {name: number}."""
        shown = self.node.show("all", "--all")
        flat = {f"drop {row['reason']}": row["packets"] for row in shown["drops"]}
        flat.update({f"node {key}": shown["node"]["packets"][key] for key in _NODE})
        for row in shown["links"]:
            flat.update({f"link {row['id']} {key}": row[key] for key in _LINK})
        for row in shown["sessions"]:
            for role, keys in (("source", _SOURCE), ("destination", _DESTINATION)):
                if row[role]:
                    flat.update({f"session {row['session']} {key}": row[role][key] for key in keys})
        for row in shown["flows"]:
            for flow in row["source"] or []:
                for key in ("packets", "bytes"):
                    flat[f"flow {row['session']}/{flow['flow']} {key}"] = flow[key]
            for flow in row["destination"] or []:
                for key in ("received", "lost"):
                    flat[f"flow {row['session']}/{flow['flow']} {key}"] = flow[key]
        return flat

    def underlay(self):
        """Frames of ARP and the like: (heard by us, answered by us), over all ends."""
        return (sum(end.heard for end in self.ends.values()),
                sum(end.answered for end in self.ends.values()))

    def mark(self):
        """Where the counters are now, nothing under way; all frames so far are forgotten.

        Every frame that the node began or used up is known here, the underlay's and the tests'
        own, so it shows when one is still on its way."""
        def at_rest():
            heard, answered = self.underlay()
            now = self.counters()
            came, went = came_and_went({key: now[f"node {key}"] for key in _NODE})
            self.marked = (now, heard, answered)
            return (came == went and now["node originated"] == heard + self.originated
                    and now["node consumed"] == answered + self.consumed)

        try:
            until(at_rest, 2, "the node is at rest", pause=0.002)
        except AssertionError:
            if not self.failures:
                raise
            # What a failed test did not see is not known here.
            now, heard, answered = self.marked
            self.originated = now["node originated"] - heard
            self.consumed = now["node consumed"] - answered
        for end in self.ends.values():
            end.take()

    def moved(self):
        """Counters that moved since mark(), what the underlay moved taken off."""
        before, heard, answered = self.marked
        heard_now, answered_now = self.underlay()
        now = self.counters()
        own = {"node sent": heard_now - heard, "node originated": heard_now - heard,
               "node received": answered_now - answered, "node consumed": answered_now - answered}
        moved = {key: now[key] - before.get(key, 0) - own.get(key, 0) for key in now}
        return {key: n for key, n in moved.items() if n}

    def expect_moved(self, wanted, seconds=2):
        """The counters move as wanted and no other does."""
        wanted = {key: n for key, n in wanted.items() if n}
        last = {}

        def same():
            last.clear()
            last.update(self.moved())
            return last == wanted

        try:
            until(same, seconds, "counters")
        except AssertionError:
            wrong = [f"{key}: moved by {last.get(key, 0)}, not by {wanted.get(key, 0)}"
                     for key in sorted({*last, *wanted}) if last.get(key, 0) != wanted.get(key, 0)]
            raise AssertionError("\n".join(wrong)) from None
        self.originated += wanted.get("node originated", 0)
        self.consumed += wanted.get("node consumed", 0)


def add(*parts):
    """Sums of counters."""
    total = {}
    for part in parts:
        for key, n in part.items():
            total[key] = total.get(key, 0) + n
    return total
