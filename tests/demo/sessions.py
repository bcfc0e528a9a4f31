# SPDX-License-Identifier: BSD-3-Clause
"""What the demo sends, and the configuration files by which its nodes know."""
from dataclasses import dataclass

from harness.root import certificate
from topology import (BEIJING, NODES, ROOT_ADDRESS, SHANGHAI, TORONTO, TREE_ROOT, WATERLOO,
                      Node, links_of)

CONFERENCE = 1
VIDEO_PORT = 5004
MANAGEMENT_PORT = 13780
SPLIT = (25, 75)
FILE_NAME = "report.bin"
FILE_BYTES = 3_000_000


@dataclass(frozen=True)
class Session:
    id: int
    name: str
    source: Node
    destinations: tuple
    flows: tuple  # (path, weight)
    what: str


VIDEO = Session(1, "video", TORONTO, (WATERLOO, BEIJING, SHANGHAI),
                (("5 > (2, 6 > (3, 4))", 1),), "H.264 over RTP, multicast by the relays")
TWO_PATHS = Session(2, "two-paths", WATERLOO, (SHANGHAI,),
                    (("5 > 6 > 4", SPLIT[0]), ("6 > 4", SPLIT[1])), "split 25 : 75")
TWICE = Session(3, "twice", BEIJING, (WATERLOO,),
                (("(5 > 2, 6 > 2)", 1),), "each packet over both relays")
FILE = Session(4, "file", SHANGHAI, (TORONTO, WATERLOO),
               (("6 > 5 > (1, 2)", 1),), "a file, once, to two")

SESSIONS = (VIDEO, TWO_PATHS, TWICE, FILE)


def _details(session, directory):
    """What only this one has."""
    if session is VIDEO:
        return {"rate": 5000000, "reorder": {"packets": 256, "ms": 50},
                "ingress": {"udp": f"{TORONTO.ferry_client_address}:{VIDEO_PORT}"},
                "egress": [{"node": site.id, "udp": f"{site.client_address}:{VIDEO_PORT}"}
                           for site in session.destinations]}
    if session is TWO_PATHS:
        return {"rate": 3000000, "start": False,
                "ingress": {"generator": {"kind": "poisson", "size": 1000, "seed": 7}},
                "egress": [{"node": SHANGHAI.id, "sink": True}]}
    if session is TWICE:
        return {"rate": 1000000, "start": False,
                "ingress": {"generator": {"kind": "constant", "size": 500}},
                "egress": [{"node": WATERLOO.id, "sink": True}]}
    return {"rate": 4000000, "start": False, "reorder": {"packets": 256, "ms": 200},
            "ingress": {"file": str(directory / "sent" / FILE_NAME), "size": 1200},
            "egress": [{"node": site.id, "file": str(directory / site.name / FILE_NAME)}
                       for site in session.destinations]}


def _session(session, directory):
    return {"#": session.what, "id": session.id, "name": session.name, "source": session.source.id,
            "destinations": [site.id for site in session.destinations],
            "flows": [{"path": path, "weight": weight} for path, weight in session.flows],
            **_details(session, directory)}


def _ports(node):
    ports = [{"name": link.other(node).name, "addresses": [f"{link.address(node)}/{link.prefix_length}"],
              "impair": {"delay": f"{link.delay_ms}ms", "frames": 1024}} for link in links_of(node)]
    if node.is_site:
        ports.append({"name": "clients", "addresses": [f"{node.ferry_client_address}/24"]})
    return [{"device": f"net_af_packet{i},iface={port['name']}", **port} for i, port in enumerate(ports)]


def node_config(node, socket, certificates):
    return {"#": f"{node.title}: its ports, its certificate, and where its root is.",
            "node": {"name": node.name, "#": "Six nodes share this machine's processors and its clock.",
                     "idle": "adaptive", "clock_synchronized": True, "socket": str(socket)},
            "ports": _ports(node),
            "management": {"root": f"{ROOT_ADDRESS}:{MANAGEMENT_PORT}",
                           "address": f"{node.management_address}:{MANAGEMENT_PORT}",
                           **certificate(certificates, node.name), "state": f"{node.name}/state"}}


def _place(node):
    parent = {} if node is TREE_ROOT else {"parent": TREE_ROOT.name}
    role = "root" if node is TREE_ROOT else "leaf" if node.is_site else "relay"
    return {"name": node.name, "id": node.id, "role": role, **parent,
            "peers": [{"node": peer.name, "address": link.address(peer), "port": peer.name, "pacing": "none"}
                      for link in links_of(node) for peer in [link.other(node)]]}


def root_config(directory, socket, certificates):
    """Links share their way with nobody. Rate control would begin slowly, over such round-trip times,
    while the file comes at full rate from its first second."""
    return {"#": "The root: it knows all nodes, and what they are to carry.",
            "root": {"listen": f"{ROOT_ADDRESS}:{MANAGEMENT_PORT}", **certificate(certificates, "root"),
                     "store": str(directory / "root.db"), "socket": str(socket)},
            "nodes": [_place(node) for node in NODES],
            "conferences": [{"id": CONFERENCE, "name": "demo", "sessions": [
                _session(session, directory) for session in SESSIONS]}]}
