#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A node is killed under traffic and started again: traffic goes on within seconds, and the new
epochs of its links and sessions are taken."""

import time

import pytest
from harness.deploy import Deployment
from harness.node import until
from harness.udp import Receiver, Sender

RESUMES_WITHIN = 5
LINK_UP_WITHIN = 10


@pytest.fixture
def net(stage):
    """1 - 5 - 2, a session from 1 to 2 under way."""
    net = Deployment(stage)
    source, relay, sink = (net.node(number) for number in (1, 5, 2))
    net.wire(source, relay)
    net.wire(relay, sink)
    net.clients = net.client(source), net.client(sink)
    net.session(1, source=1, destinations=[2], flows=["5 > 2"],
                ingress=net.clients[0].ingress(5001), egress=[net.clients[1].egress(2, 6000)])
    net.nodes = net.start()
    net.receiver = Receiver(net.clients[1], 6000)
    net.sender = Sender(net.clients[0], net.clients[0].node_address, 5001, pps=300)
    yield net
    net.sender.stop()
    net.receiver.close()


def kill_and_start(net, number):
    node = net.nodes[number]
    net.receiver.wait_count(100)
    node.kill()
    time.sleep(0.3)
    silent_since = net.receiver.count()
    node.start()
    up = time.monotonic()
    until(lambda: net.receiver.count() > silent_since + 50, RESUMES_WITHIN, "traffic resumes")
    print(f"resumed {net.receiver.last_at - up:.2f} s after the node was up")


def expect_right(net):
    """What came is whole, and nothing came twice."""
    net.sender.stop()
    assert net.receiver.wrong == []
    assert net.receiver.twice == 0


def test_relay(net):
    epoch = net.nodes[5].show("node")["epoch"]
    kill_and_start(net, 5)
    assert (net.nodes[5].show("node")["epoch"] - epoch) % 65536 in range(1, 60)
    assert net.nodes[2].link(5)["epochs"] == 2
    until(lambda: net.nodes[1].link(5)["state"] == "up", LINK_UP_WITHIN, "the link is up again")
    expect_right(net)
    until(lambda: net.nodes[2].destination(1, 1)["packets"] == net.receiver.count(), 5,
          "all that was delivered came")
    shown = net.nodes[2].destination(1, 1)
    assert (shown["epochs"], shown["duplicates"]) == (1, 0)
    assert shown["lost"] > 0, "what was sent while the relay was away is told as lost"
    assert shown["packets"] + shown["lost"] <= net.sender.sent()


def test_source(net):
    kill_and_start(net, 1)
    assert net.nodes[2].destination(1, 1)["epochs"] == 2
    assert net.nodes[5].link(1)["epochs"] == 2
    expect_right(net)
    assert "session_stale_epoch" not in net.nodes[2].drops()
    assert "session_duplicate" not in net.nodes[2].drops()


def test_destination(net):
    kill_and_start(net, 2)
    assert net.nodes[2].destination(1, 1)["epochs"] == 1
    expect_right(net)
    assert "link_stale_epoch" not in net.nodes[2].drops()


def test_relay_twice_within_a_second(net):
    """Two starts in one second have two epochs: the second is newer."""
    net.receiver.wait_count(50)
    for _ in range(2):
        net.nodes[5].kill()
        net.nodes[5].start()
    net.receiver.wait_more()
    assert "link_stale_epoch" not in net.nodes[2].drops()
    expect_right(net)


def test_relay_hours_later(net):
    """Unix seconds of 16 bits: half of the time after nine hours they look older than the last."""
    net.receiver.wait_count(50)
    net.nodes[5].kill()
    last = (int(time.time()) + 25000) % 65536
    net.nodes[5].directory.joinpath("ctl.sock.epoch").write_text(f"{last}\n")
    net.nodes[5].start()
    assert (net.nodes[5].show("node")["epoch"] - last) % 65536 in range(1, 32768)
    net.receiver.wait_more()
