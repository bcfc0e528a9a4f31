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
                          text=True, timeout=30, check=False)


@pytest.mark.parametrize("name,text", [("node1.cfg", NODE1), ("node2.cfg", mirror(NODE1))])
def test_first_network(tmp_path, name, text):
    result = check(tmp_path, name, text)
    assert (result.returncode, result.stderr) == (0, "")


def test_real_card(tmp_path):
    card = block('node  = { id = 1; name = "left"; workers = 2;')
    peers = 'peers = ( { id = 2; address = "10.0.0.2"; } );\n'
    result = check(tmp_path, "card.cfg", card + peers)
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
