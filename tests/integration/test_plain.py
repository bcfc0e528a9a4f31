# SPDX-License-Identifier: BSD-3-Clause
"""Programs of one machine: without TLS (plain = true) real nodes join the real root and each other, and
stay; files, addresses and stores that cannot be had are told."""

import os
import re
import time

import pytest
from harness.node import PATIENCE, Node, until
from harness.root import RootProgram
from test_root import free_port, peer

# Files of a node's name are the whole machine's.
FIRST, SECOND = f"first-{os.getpid()}", f"second-{os.getpid()}"


def node_config(name, root, address, own):
    # A device that needs nothing of the machine: nobody is at the other end.
    device = f"net_memif0,role=server,socket=/tmp/ferry-plain-{own}.sock,socket-abstract=no"
    return {"node": {"name": name, "eal": ["--no-huge", "--no-shconf", "-m", "192"]},
            "ports": [{"name": "wan", "device": device, "addresses": [f"{address}/24"]}],
            "management": {"root": root, "address": own, "plain": True}}


@pytest.fixture
def programs():
    listen = f"127.0.0.1:{free_port()}"
    root = RootProgram({
        "root": {"listen": listen, "plain": True},
        "nodes": [{"name": FIRST, "id": 1, "role": "root", "peers": [peer(SECOND, "10.0.0.2")]},
                  {"name": SECOND, "id": 2, "role": "leaf", "parent": FIRST,
                   "peers": [peer(FIRST, "10.0.0.1")]}]})
    nodes = [Node(None, node_config(name, listen, f"10.0.0.{number}", f"127.0.0.1:{free_port()}"))
             for number, name in enumerate((FIRST, SECOND), 1)]
    yield root, nodes
    for program in (*nodes, root):
        program.delete()


def test_nodes_join_and_stay(programs):
    root, nodes = programs
    root.start()
    for node in nodes:
        node.start(wait=False)
    until(lambda: {node["name"]: node["connected_to"] for node in root.ctl("nodes")}
          == {FIRST: "^", SECOND: FIRST}, 20, "each is in its place")
    for node in nodes:
        node.wait_ready()
    time.sleep(0.5)
    for node, parent in zip(nodes, ("^", FIRST)):
        assert f"joined the parent {parent}\n" in node.log()
        # The second asks the root first, which sends it on; nobody goes on asking.
        assert node.log().count("joined the parent") < 5, node.log()
    assert [node.stop() for node in nodes] == [0, 0]
    assert root.stop() == 0


def test_a_file_that_is_not_there(programs, tmp_path):
    """Told with file and line, key and value."""
    root, (node, _) = programs
    for program, group in ((root, "root"), (node, "management")):
        missing = str(tmp_path / "own.pem")
        program.config[group].update(
            {"plain": False, "certificate": missing, "key": missing, "authority": missing})
        program.write_config()
        program.start(wait=False)
        assert program.process.wait(20 * PATIENCE) == 1
        assert re.search(rf'{program.config_path}:\d+: {group}: certificate "{missing}" cannot be '
                         "read: No such file", program.log()), program.log()


def test_a_store_or_port_that_another_has(programs):
    root, _ = programs
    root.start()
    second = RootProgram({**root.config, "root": {"listen": root.config["root"]["listen"], "plain": True}})
    try:
        second.start(wait=False)
        assert second.process.wait(20 * PATIENCE) == 1
        listen = root.config["root"]["listen"]
        assert f"root: address {listen} cannot be listened at: Address already in use" in second.log()
        second.config["root"]["store"] = root.config["root"]["store"]
        second.write_config()
        second.start(wait=False)
        assert second.process.wait(20 * PATIENCE) == 1
        assert f'store {root.config["root"]["store"]}: another ferry-root has it' in second.log()
    finally:
        second.delete()
    assert root.stop() == 0
