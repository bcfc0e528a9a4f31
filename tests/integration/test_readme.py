#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the README tells a newcomer to write passes the node's own check."""

import os
import pathlib
import re
import subprocess

import pytest

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


def test_folders_are_those_that_there_are():
    for folder in re.findall(r"^\| `(\w+)/` \|", README, re.M):
        assert (ROOT / folder).is_dir()


@pytest.mark.parametrize("name", re.findall(r"\]\(([^)#]+)\)", README))
def test_links_lead_somewhere(name):
    assert (ROOT / name).exists()
