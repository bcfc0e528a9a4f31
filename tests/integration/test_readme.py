#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the README tells a newcomer to write passes the node's own check."""

import os
import pathlib
import re
import shlex
import subprocess

import pytest
from harness.node import PATIENCE, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FERRY_BUILD", ROOT / "build"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```$", README, re.M | re.S)


def block(start):
    """The one fenced block that begins so."""
    (found,) = [b for b in BLOCKS if b.startswith(start)]
    return found


NODE1 = block('node  = { id = 1; name = "left"; };')
SESSIONS = block("conferences = (")

# "its mirror image: id 2, name "right", addresses 10.0.0.2/24 and 10.2.0.1/24, and peer 1 at 10.0.0.1"
MIRROR = [('id = 1; name = "left"', 'id = 2; name = "right"'), ("10.0.0.1/24", "10.0.0.2/24"),
          ("10.1.0.1/24", "10.2.0.1/24"), ('id = 2; address = "10.0.0.2"', 'id = 1; address = "10.0.0.1"')]


def mirror(text):
    for one, other in MIRROR:
        assert one in text
        text = text.replace(one, other)
    return text


def check(directory, name, text):
    (directory / "sessions.cfg").write_text(SESSIONS)
    path = directory / name
    path.write_text(text)
    return subprocess.run([BUILD / "control/ferryd", "--check", "-c", path], capture_output=True,
                          text=True, timeout=30 * PATIENCE, check=False)


@pytest.mark.parametrize("name,text", [("node1.cfg", NODE1), ("node2.cfg", mirror(NODE1))])
def test_first_network(tmp_path, name, text):
    result = check(tmp_path, name, text)
    assert (result.returncode, result.stderr) == (0, "")


def test_real_card(tmp_path):
    card = block('node  = { id = 1; name = "left"; workers = 2;')
    peers = 'peers = ( { id = 2; address = "10.0.0.2"; } );\n'
    result = check(tmp_path, "card.cfg", card + peers)
    assert (result.returncode, result.stderr) == (0, "")


# With a root: "leaf1 has the same with 10.0.0.2/24, 10.2.0.1/24, 10.9.0.3 and the files of its name".
RELAY1 = block('node       = { name = "relay1"; };')
ROOT_CFG = block('root  = { listen = "10.9.0.1:13780";')
LEAF1 = RELAY1.replace("10.0.0.1/24", "10.0.0.2/24").replace("10.1.0.1/24", "10.2.0.1/24").replace(
    "10.9.0.2", "10.9.0.3").replace("relay1", "leaf1")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A directory in which the certificates were made as it is written there."""
    directory = tmp_path_factory.mktemp("root")
    (line,) = block("ferryctl ca certificates").splitlines()
    _, *words = shlex.split(line, comments=True)
    subprocess.run([BUILD / "control/ferryctl", *words], cwd=directory, check=True, timeout=30 * PATIENCE,
                   stdout=subprocess.DEVNULL)
    return directory


def test_root(certificates):
    (certificates / "sessions.cfg").write_text(SESSIONS)
    (certificates / "root.cfg").write_text(ROOT_CFG)
    done = subprocess.run([BUILD / "control/ferry-root", "--check", "-c", certificates / "root.cfg"],
                          capture_output=True, text=True, timeout=30 * PATIENCE, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name,text", [("relay1", RELAY1), ("leaf1", LEAF1)])
def test_node_with_a_root(certificates, name, text):
    """Its file is right, and so is what the root will tell it: NodeID, peers, the session's end."""
    named = set(re.findall(r'"(certificates/.*?)"', text))
    assert len(named) == 3
    assert all((certificates / path).is_file() for path in named)
    result = check(certificates, f"{name}.cfg", text)
    assert (result.returncode, result.stderr) == (0, "")
    (number, peer, address), = re.findall(
        rf'name = "{name}"; id = (\d+);.*?node = "(\w+)"; address = "(.*?)"', ROOT_CFG)
    (other,) = re.findall(rf'name = "{peer}"; id = (\d+);', ROOT_CFG)
    told = text[:text.index("management = {")].replace("node       = {", f"node = {{ id = {number};")
    told += f'peers = ( {{ id = {other}; address = "{address}"; port = "wan"; }} );\n'
    result = check(certificates, f"{name}-told.cfg", told + '@include "sessions.cfg"\n')
    assert (result.returncode, result.stderr) == (0, "")


def device(directory, number):
    """In the place of an interface: nobody is at the other end."""
    return (f"net_memif{number},role=server,id=0,socket={directory}/{number}.sock,"
            "socket-abstract=no")


def test_commands_while_it_runs(tmp_path):
    """Each is done as it is written there, one after the other."""
    path = tmp_path / "ctl.sock"
    text = NODE1.replace("net_af_packet0,iface=eth1", device(tmp_path, 0)).replace(
        "net_af_packet1,iface=eth2", device(tmp_path, 1)).replace(
            'name = "left";', f'name = "left"; socket = "{path}"; '
            'eal = [ "--no-huge", "--no-shconf", "-m", "256" ];')
    assert check(tmp_path, "node1.cfg", text).returncode == 0
    with open(tmp_path / "log", "wb") as log:
        node = subprocess.Popen([BUILD / "control/ferryd", "-c", tmp_path / "node1.cfg"], stderr=log)
    try:
        until(lambda: "node 1 is up" in (tmp_path / "log").read_text(), 20, "the node is up")
        lines = block("ferryctl peer add").splitlines()
        for line in ["ferryctl show sessions", *lines]:
            _, *words = shlex.split(line, comments=True)
            done = subprocess.run([BUILD / "control/ferryctl", "-s", path, *words],
                                  capture_output=True, text=True, timeout=20 * PATIENCE, check=False)
            assert (done.returncode, done.stderr) == (0, ""), line
        assert len(lines) == 5
        node.terminate()
        assert node.wait(20 * PATIENCE) == 0
    finally:
        node.kill()
        node.wait()


def test_folders_are_those_that_there_are():
    """The table of folders names each, and none that is not there."""
    rows = re.findall(r"^\| (`.*?/`.*?) \|", README, re.M)
    named = {folder for row in rows for folder in re.findall(r"`([\w/]+)/`", row)}
    parents = [ROOT, ROOT / "dataplane", ROOT / "control"]
    there = {str(build.parent.relative_to(ROOT)) for parent in parents
             for build in parent.glob("*/meson.build")}
    assert named == there


@pytest.mark.parametrize("name", re.findall(r"\]\(([^)#]+)\)", README))
def test_links_lead_somewhere(name):
    assert (ROOT / name).exists()
