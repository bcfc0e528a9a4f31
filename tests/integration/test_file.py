#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A file goes to two destinations and is there what it was here."""

import hashlib
import random

import pytest
from harness.deploy import Deployment
from harness.node import until


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None


@pytest.mark.parametrize("size", [1, 1200, 1201, 1_000_003])
def test_file(stage, tmp_path, size):
    source = tmp_path / "file"
    source.write_bytes(random.Random(size).randbytes(size))
    copies = {node: tmp_path / f"copy{node}" for node in (2, 3)}
    net = Deployment(stage)
    one, five, two, three = (net.node(number) for number in (1, 5, 2, 3))
    net.wire(one, five)
    net.wire(five, two)
    net.wire(five, three, v6=True)
    net.session(1, source=1, destinations=[2, 3], flows=["5 > (2, 3)"], rate="8M", start=False,
                reorder={"packets": 256, "ms": 50}, ingress={"file": str(source), "size": 1200},
                egress=[{"node": node, "file": str(path)} for node, path in copies.items()])
    nodes = net.start()
    nodes[1].ctl("session", "start", 1, 1)
    pieces = -(-size // 1200)
    for node, path in copies.items():
        until(lambda: digest(path) == digest(source), 15, f"the copy at node {node} is the file")
        shown = nodes[node].destination(1, 1)
        assert (shown["packets"], shown["bytes"], shown["lost"]) == (pieces, size, 0)
    until(lambda: nodes[1].source(1, 1)["state"] == "finished", 5, "the session is finished")


def test_each_start_sends_it_anew(stage, tmp_path):
    """The source is started again: another epoch, and the copy is written anew."""
    source, copy = tmp_path / "file", tmp_path / "copy"
    source.write_bytes(bytes(range(256)) * 100)
    net = Deployment(stage)
    one, two = net.node(1), net.node(2)
    net.wire(one, two)
    net.session(1, source=1, destinations=[2], flows=["2"], rate="8M",
                ingress={"file": str(source)}, egress=[{"node": 2, "file": str(copy)}])
    nodes = net.start()
    until(lambda: digest(copy) == digest(source), 10, "the copy is the file")
    assert nodes[1].stop() == 0
    source.write_bytes(b"shorter than it was")
    nodes[1].start()
    until(lambda: digest(copy) == digest(source), 10, "the copy is the new file")
    assert nodes[2].destination(1, 1)["epochs"] == 2


def test_file_that_cannot_be_written(stage, tmp_path):
    """It is seen which sessions' packets are lost at the end of their way; and when no longer."""
    copy = tmp_path / "mounted" / "copy"
    copy.parent.mkdir()
    net = Deployment(stage)
    one, two = net.node(1), net.node(2)
    net.wire(one, two)
    for number, path in ((1, copy), (2, "/dev/full")):
        net.session(number, source=1, destinations=[2], flows=["2"], rate="1M", start=False,
                    ingress={"generator": {"size": 1000}}, egress=[{"node": 2, "file": str(path)}])
    nodes = net.start()
    copy.parent.rmdir()

    def becomes(number, state, told):
        until(lambda: nodes[2].destination(1, number)["egress_state"] == state, 10, state)
        assert told in nodes[2].log()

    for number, told in ((1, f"{copy}: cannot be opened: No such file"),
                         (2, "/dev/full: cannot be written: No space left")):
        nodes[1].ctl("session", "start", 1, number)
        becomes(number, "failing", told)
    copy.parent.mkdir()
    becomes(1, "ready", f"{copy}: is written again")
    until(lambda: copy.stat().st_size >= 1000, 5, "the file grows")
