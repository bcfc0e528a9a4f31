# SPDX-License-Identifier: BSD-3-Clause
"""A second node, smaller: it forwards installed sessions only, ends coded ones and recodes others.

It keeps combinations and generations for a while, so what it counts is asked for by drop reason, not
all before and after; that its packets add up is seen at the end.
"""

import time

import ferry_scapy as fs
from bench import CONF, NODE, PORTS, Bench, Peer
from expect import udp_payload
from wire_generation import multiply

from harness.netns import mac_of, veth
from harness.node import PATIENCE, until

RATELESS, RELAYED, BOTH, SHORT, PLAIN, UNTOLD = 1, 2, 3, 4, 5, 99
K, DEADLINE_MS = 8, 1000
PEERS_HERE = (21, 22, 31)


def _session(number, path, destinations, **more):
    return {"id": number, "source": 21, "rate": 1000000, "window": 256, "destinations": destinations,
            "flows": [{"path": path}], "ingress": {"generator": {"size": 100}}, **more}


def _configuration(name):
    rateless = {"k": K, "repair": "rateless", "deadline": "5s"}
    recoded = {**rateless, "relays": [{"node": NODE}]}
    v4, v6, _, mtu = PORTS["a"]
    return {
        "node": {"id": NODE, "name": name, "probe": 0, "forwarding": "installed"},
        "ports": [{"name": "a", "mtu": mtu, "device": "net_af_packet0,iface=fa",
                   "addresses": [f"{v4}/24", f"{v6}/64"]}],
        "peers": [{"id": n, "port": "a", "address": address, "pacing": "none"}
                  for n, address in ((21, "10.1.0.21"), (22, "10.1.0.22"), (31, "fd01::31"))],
        "conferences": [{"id": CONF, "sessions": [
            _session(RATELESS, f"{NODE}", [NODE], coding=rateless),
            _session(RELAYED, f"{NODE} > (22, 31)", [22, 31], coding=recoded),
            _session(BOTH, f"{NODE}* > 22", [NODE, 22], coding=recoded),
            _session(SHORT, f"{NODE}", [NODE],
                     coding={"k": K, "repair": "50%", "deadline": f"{DEADLINE_MS}ms"}),
            _session(PLAIN, f"{NODE} > 22", [22]),
        ]}],
    }


class InstalledBench(Bench):
    def __init__(self, stage):
        space, far = stage.namespace("inst"), stage.namespace("ipeer")
        veth(space, "fa", far, "pa")
        self.ends = {"a": stage.raw_end(far, "pa")}
        self.macs = {"a": mac_of(space, "fa")}
        self.peers = {number: Peer(self, number) for number in PEERS_HERE}
        self.node = stage.node(space, _configuration(space.name + "-10"))
        self.epoch = self.node.show("node")["epoch"]
        self.sources = {}
        until(lambda: all(row["neighbour"] == "reachable" for row in self.node.show("links")), 10,
              "all neighbours are resolved")

    def send(self, number, path, after=b"", sender=21, **fields):
        """A packet of a session; returns its session header."""
        peer = self.peers[sender]
        session = self.session(number, **fields)
        peer.end.send(peer.frame(peer.data(path, session, after)))
        return session

    def say_decoded(self, sender, number, first):
        peer = self.peers[sender]
        body = fs.FerryDecoded(conference=CONF, session=number, seq=first,
                               epoch=self.source(number).epoch)
        peer.end.send(peer.frame(bytes(peer.link(fs.DECODED)) + bytes(body)))

    def came(self, number, kind=fs.DATA, seconds=3):
        """The next datagram of that type to a peer, from behind its link header; None if none comes."""
        mac = bytes.fromhex(self.peers[number].mac.replace(":", ""))
        frame = self.peers[number].end.wait(
            lambda f: f[:6] == mac and udp_payload(f)[0] == 0x10 | kind, seconds)
        return None if frame is None else udp_payload(frame)[fs.LINK_BYTES:]

    def silent(self, number, kind=fs.DATA):
        """What was sent before is through: nothing more comes to the peer."""
        return self.came(number, kind, 0.1) is None

    def dropped(self, what):
        """Does what, and returns what the node dropped of it, by reason."""
        def settled():
            packets = self.node.show("node")["packets"]
            return packets["received"] if packets["in_flight"] == 0 else None

        before, received = self.node.drops(), until(settled, 2, "the node is at rest")
        what()
        until(lambda: (settled() or 0) > received, 2, "it came")
        time.sleep(0.02 * PATIENCE)
        after = self.node.drops()
        return {reason: n - before.get(reason, 0) for reason, n in after.items()
                if n != before.get(reason, 0)}


class Generation:
    """K source packets, and what a source or a relay makes of them."""

    def __init__(self, first=0):
        self.first = first
        self.payloads = [bytes([65 + i]) * (10 + i) for i in range(K)]
        self.stamps = [1000000 + 100 * i for i in range(K)]

    def symbol(self, i):
        return bytes(fs.FerrySymbol(length=len(self.payloads[i]), stamp=self.stamps[i])) + self.payloads[i]

    def source(self, i, final=0):
        """(what follows the session header, fields of that) of source packet i."""
        coding = bytes(fs.FerryCoding(n=K, index=i, final=final))
        return coding + self.payloads[i], {"seq": self.first, "stamp": self.stamps[i], "flags": fs.CODED}

    def combined(self, seed=1, n=K, final=1):
        coding = fs.FerryCoding(kind=fs.SEEDED, n=n, final=final, seed=seed)
        out = bytearray(max(len(self.symbol(i)) for i in range(n)))
        for i, c in enumerate(coding.vector()):
            for at, byte in enumerate(self.symbol(i)):
                out[at] ^= multiply(c, byte)
        return bytes(coding) + bytes(out), {"seq": self.first, "stamp": self.stamps[0], "flags": fs.CODED}
