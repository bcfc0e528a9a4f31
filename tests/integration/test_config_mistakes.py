#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Each file in config_mistakes/ has mistakes, and at its end the exact messages they must give.

A line that begins with "#= " is a line of the output; DIR stands for the directory of the files.
"""
import os
import pathlib
import subprocess

import pytest
from harness.program import PATIENCE

HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE / "config_mistakes"
BUILD = pathlib.Path(os.environ.get("FERRY_BUILD", HERE.parents[1] / "build"))
FERRYD = BUILD / "control" / "ferryd"

FILES = sorted(CASES.glob("*.cfg"))


def check(path, directory):
    return subprocess.run([FERRYD, "--check", "-c", path], cwd=directory, capture_output=True,
                          text=True, timeout=20 * PATIENCE)


def test_the_table_is_whole():
    assert len(FILES) >= 60


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_mistake(path):
    lines = path.read_text().splitlines()
    wanted = [line[3:].replace("DIR", str(CASES)) for line in lines if line.startswith("#= ")]
    assert wanted, "the file says no message"
    done = check(path.name, CASES)
    assert done.stderr.splitlines() == wanted
    assert done.stdout == ""
    assert done.returncode == 2


def test_no_such_file(tmp_path):
    done = check("none.cfg", tmp_path)
    assert done.stderr == 'none.cfg: cannot open "none.cfg": No such file or directory\n'
    assert done.returncode == 2


def test_directory(tmp_path):
    done = check(".", tmp_path)
    assert done.stderr == '.: cannot read ".": Is a directory\n'
    assert done.returncode == 2


def test_no_text(tmp_path):
    (tmp_path / "zero.cfg").write_bytes(b"node = { id = 1; };\n\0")
    done = check("zero.cfg", tmp_path)
    assert done.stderr == "zero.cfg: the file has a byte of value 0, it must be a text file\n"
    assert done.returncode == 2


def test_include_is_relative_to_its_file(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "node.cfg").write_text(
        "node = { id = 1; };\n"
        'ports = ( { name = "p"; device = "net_null0"; addresses = [ "10.0.0.1/24" ]; } );\n'
        '@include "a/one.inc"\n')
    (tmp_path / "a" / "one.inc").write_text('# nothing here\n@include "b/two.inc" # but there\n')
    (tmp_path / "a" / "b" / "two.inc").write_text(
        'peers = (\n\t{ id = 2; address = "10.0.0.2"; }\n);')
    done = check("node.cfg", tmp_path)
    assert (done.stderr, done.returncode) == ("", 0)
    done = check(str(tmp_path / "node.cfg"), "/")
    assert (done.stderr, done.returncode) == ("", 0)


ENDS = {
    "ingress": ('ingress = { file = "PATH"; }; rate = 1000000', 1,
                'ingress: "PATH" is not a regular file, it must be one'),
    "trace": ('ingress = { generator = { kind = "trace"; trace = "PATH"; }; }', 1,
              'ingress generator: cannot open the trace "PATH": '
              "it is not a regular file, it must be one"),
    "egress": ('ingress = { udp = "10.0.0.2:5004"; }; egress = ( { node = 1; file = "PATH"; } )', 2,
               'egress: "PATH" is not a regular file, it must be one'),
}


@pytest.mark.parametrize("end, kind", [("ingress", "fifo"), ("ingress", "device"), ("trace", "fifo"),
                                       ("trace", "device"), ("egress", "fifo")])
def test_file_that_is_none(tmp_path, end, kind):
    text, source, wanted = ENDS[end]
    there = 3 - source
    path = tmp_path / "thing"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/null")
    (tmp_path / "node.cfg").write_text(
        "node = { id = 1; };\n"
        'ports = ( { name = "p"; device = "net_null0"; addresses = [ "10.0.0.1/24" ]; } );\n'
        'peers = ( { id = 2; address = "10.0.0.2"; } );\n'
        "conferences = ( { id = 1; sessions = ( {\n"
        f'id = 1; source = {source}; destinations = [ {there} ]; flows = ( {{ path = "{there}"; }} );\n'
        f"{text.replace('PATH', str(path))}; }} ); }} );\n")
    done = check("node.cfg", tmp_path)
    assert done.stderr == f"node.cfg:6: conference 1 session 1: {wanted.replace('PATH', str(path))}\n"
    assert done.returncode == 2
