#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Several workers and queues (af_packet's qpairs): traffic spreads, what must change hands does,
and all comes out once."""

import re

import pytest
from harness.deploy import Deployment
from harness.node import until
from harness.udp import Receiver, Sender

STREAMS = 8
COUNT = 500
SOCKETS = 24


def expect_two_queues(node, client):
    """Many sockets' packets spread over two queues of the client's port. Sessions are stopped first, so
    that nothing is answered: then next to nothing but these comes."""
    for session in range(1, STREAMS + 1):
        node.ctl("session", "stop", 1, session)

    def received():
        return [w["received"] for w in node.show("node")["workers"]]

    before = received()
    senders = [Sender(client, client.node_address, 5000 + i % STREAMS, count=COUNT // 10, pps=200)
               for i in range(SOCKETS)]
    for sender in senders:
        sender.finish()
    until(lambda: sum(received()) - sum(before) >= SOCKETS * COUNT // 10, 5, "packets")
    more = sorted(now - then for now, then in zip(received(), before))
    # Each socket's go to one of them at random: all to the same has odds of 1 to 8 million.
    assert more[-2] >= COUNT // 10, f"one queue has it all: {more}"


@pytest.mark.parametrize("queues,workers", [(2, 2), (1, 2), (2, 3)])
def test_spread(stage, queues, workers):
    """Eight clients' streams into eight sessions, over two links, out at one client."""
    net = Deployment(stage)
    one, two, three = net.node(1, workers=workers), net.node(2, workers=workers), net.node(3)
    net.wire(one, two, queues=queues)
    net.wire(one, three)
    net.wire(three, two)
    left, right = net.client(one, queues=queues), net.client(two, queues=queues)
    for stream in range(STREAMS):
        net.session(stream + 1, source=1, destinations=[2], flows=["2", "(2, 3 > 2)", "3 > 2"],
                    ingress=left.ingress(5000 + stream), egress=[right.egress(2, 6000)])
    nodes = net.start()
    receiver = Receiver(right, 6000)
    senders = [Sender(left, left.node_address, 5000 + stream, stream=stream, count=COUNT, pps=200)
               for stream in range(STREAMS)]
    for sender in senders:
        sender.finish()
    receiver.expect_all({s.stream: s.sizes for s in senders})
    receiver.close()

    for number in (1, 2):
        def at_rest():
            node = nodes[number].show("node")
            shown = node["workers"]
            return node if (sum(w["handed_in"] for w in shown)
                            == sum(w["handed_out"] for w in shown)) else None

        # One answer for both: probes never rest.
        node = until(at_rest, 5, "what was handed out was handed in")
        shown, packets = node["workers"], node["packets"]
        assert len(shown) == workers
        assert sum(w["received"] for w in shown) == packets["received"]
        assert sum(w["sent"] for w in shown) == packets["sent"]
        assert sum(w["handed_in"] for w in shown) > 0
    # Told is which ports have too few queues to send by, and of nobody who has enough.
    queues_told = re.findall(r"port (\S+): (\d+) send queues? for (\d+) workers", nodes[1].log())
    assert {(sends, of) for _, sends, of in queues_told} <= {("1", str(workers)), ("2", str(workers))}
    assert len(queues_told) == len(
        [port for port in nodes[1].show("ports") if port["tx_queues"] < workers])
    assert "send queue" not in nodes[3].log()
    # Both copies of those that went twice came: one was delivered, the other counted.
    for node in (nodes[1], nodes[3]):
        assert set(node.drops()) <= {"ip_address"}, node.name
    assert set(nodes[2].drops()) <= {"ip_address", "session_duplicate"}
    assert nodes[2].drops()["session_duplicate"] > STREAMS * COUNT / 5
    if queues == 2:
        expect_two_queues(nodes[1], left)
