# SPDX-License-Identifier: BSD-3-Clause
"""What the demo sends, and the configuration files by which its nodes know."""
from dataclasses import dataclass

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
    """Lines of a session that only this one has."""
    if session is VIDEO:
        lines = ["rate = 5000000;",
                 "reorder = { packets = 256; ms = 50; };",
                 f'ingress = {{ udp = "{TORONTO.ferry_client_address}:{VIDEO_PORT}"; }};']
        ends = [f'{{ node = {site.id}; udp = "{site.client_address}:{VIDEO_PORT}"; }}'
                for site in session.destinations]
    elif session is TWO_PATHS:
        lines = ["rate = 3000000;", "start = false;",
                 'ingress = { generator = { kind = "poisson"; size = 1000; seed = 7; }; };']
        ends = [f"{{ node = {SHANGHAI.id}; sink = true; }}"]
    elif session is TWICE:
        lines = ["rate = 1000000;", "start = false;",
                 'ingress = { generator = { kind = "constant"; size = 500; }; };']
        ends = [f"{{ node = {WATERLOO.id}; sink = true; }}"]
    else:
        lines = ["rate = 4000000;", "start = false;",
                 "reorder = { packets = 256; ms = 200; };",
                 f'ingress = {{ file = "{directory / "sent" / FILE_NAME}"; size = 1200; }};']
        ends = [f'{{ node = {site.id}; file = "{directory / site.name / FILE_NAME}"; }}'
                for site in session.destinations]
    return lines + ["egress = (", "\t" + ",\n\t".join(ends), ");"]


def _session_text(session, directory):
    flows = ",\n\t".join(f'{{ path = "{path}"; weight = {weight}; }}'
                         for path, weight in session.flows)
    lines = [f"# {session.what}",
             f'id = {session.id};',
             f'name = "{session.name}";',
             f"source = {session.source.id};",
             "destinations = [ " + ", ".join(str(d.id) for d in session.destinations) + " ];",
             "flows = (", "\t" + flows, ");",
             *_details(session, directory)]
    return "{\n" + "\n".join("\t" + part for line in lines for part in line.split("\n")) + "\n}"


def conferences_text(directory):
    return ("# The conferences of this deployment: the root reads them, nodes are told their part.\n"
            "conferences = ( {\n"
            f'\tid = {CONFERENCE};\n\tname = "demo";\n\tsessions = (\n'
            + ",\n".join(_session_text(session, directory) for session in SESSIONS)
            + "\n\t);\n} );\n")


def _ports(node):
    """(name, address, artificial line)"""
    ports = [(link.other(node).name, f"{link.address(node)}/{link.prefix_length}",
              f' impair = {{ delay = "{link.delay_ms}ms"; frames = 1024; }};')
             for link in links_of(node)]
    if node.is_site:
        ports.append(("clients", f"{node.ferry_client_address}/24", ""))
    return ports


def _certificate(directory, name):
    return (f'authority = "{directory}/authority.pem"; certificate = "{directory}/{name}.pem"; '
            f'key = "{directory}/{name}.key";')


def node_text(node, socket, certificates):
    port_groups = [f'{{ name = "{name}"; device = "net_af_packet{i},iface={name}"; '
                   f'addresses = [ "{address}" ];{impair} }}'
                   for i, (name, address, impair) in enumerate(_ports(node))]
    return (f"# {node.title}: its ports, its certificate, and where its root is.\n"
            "node = {\n"
            f'\tname = "{node.name}";\n'
            f'\tidle = "adaptive"; # six nodes share this machine\'s processors\n'
            "\tclock_synchronized = true; # ... and its clock\n"
            f'\tsocket = "{socket}";\n'
            "};\n"
            "ports = (\n\t" + ",\n\t".join(port_groups) + "\n);\n"
            "management = {\n"
            f'\troot = "{ROOT_ADDRESS}:{MANAGEMENT_PORT}";\n'
            f'\taddress = "{node.management_address}:{MANAGEMENT_PORT}";\n'
            f"\t{_certificate(certificates, node.name)}\n"
            f'\tstate = "{node.name}/state";\n'
            "};\n")


def _place_text(node):
    parent = "" if node is TREE_ROOT else f' parent = "{TREE_ROOT.name}";'
    role = "root" if node is TREE_ROOT else "leaf" if node.is_site else "relay"
    peers = [f'\t{{ node = "{peer.name}"; address = "{link.address(peer)}"; '
             f'port = "{peer.name}"; pacing = "none"; }}'
             for link in links_of(node) for peer in [link.other(node)]]
    return (f'{{ name = "{node.name}"; id = {node.id}; role = "{role}";{parent}\n'
            "\tpeers = (\n\t" + ",\n\t".join(peers) + "\n\t); }")


def root_text(directory, socket, certificates):
    return ("# The root: it knows all nodes and what they are to carry.\n"
            "root = {\n"
            f'\tlisten = "{ROOT_ADDRESS}:{MANAGEMENT_PORT}";\n'
            f"\t{_certificate(certificates, 'root')}\n"
            f'\tstore = "{directory}/root.db";\n\tsocket = "{socket}";\n'
            "};\n"
            "# These links share their way with nobody. Rate control would begin slowly, over such\n"
            "# round-trip times, while the file comes at full rate from its first second.\n"
            "nodes = (\n" + ",\n".join(_place_text(node) for node in NODES) + "\n);\n"
            '@include "conferences.cfg"\n')


def write(directory, socket_of, root_socket, certificates):
    (directory / "sent").mkdir(parents=True, exist_ok=True)
    (directory / "conferences.cfg").write_text(conferences_text(directory), encoding="utf-8")
    (directory / "root.cfg").write_text(root_text(directory, root_socket, certificates),
                                        encoding="utf-8")
    for node in NODES:
        (directory / node.name).mkdir(exist_ok=True)
        (directory / f"{node.name}.cfg").write_text(
            node_text(node, socket_of(node), certificates), encoding="utf-8")
