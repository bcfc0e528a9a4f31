# SPDX-License-Identifier: BSD-3-Clause
"""A root program and real nodes that know their ports, the root's address and their certificates:
what it installs carries traffic; changes lose nothing; whoever is killed, the picture is right again
soon, and what does not go through the dead loses nothing."""

import pathlib
import time

import pytest

from harness.node import until
from harness.tree import CONTROL_PORT, Tree
from harness.udp import Receiver, Sender

SECONDS = 3  # until the picture is right again


def whole(sender, receiver):
    """All that was sent came, once."""
    sender.finish()
    receiver.expect_all({sender.stream: sender.sizes})


def stream(client, number, port):
    return Sender(client, client.node_address, port, stream=number, pps=200, size=300)


def test_chain(stage):
    """A node, a relay, a node: a session over all three; then the root is away for a while."""
    net = Tree(stage)
    first, relay, last = net.place(1, "root"), net.place(2, "relay", 1), net.place(3, "leaf", 2)
    net.wire(first, relay)
    net.wire(relay, last)
    source, sink = net.client(first), net.client(last)
    net.session(1, source=1, destinations=[3], flows=["2 > 3"], ingress=source.ingress(5000),
                egress=[sink.egress(3, 6000)])
    nodes = net.start()
    net.wait_sessions()
    for place in net.places.values():
        place.running.wait_resolved()
    assert [nodes[n].show("node")["id"] for n in (1, 2, 3)] == [1, 2, 3]
    receiver = Receiver(sink, 6000)
    sender = stream(source, 1, 5000)
    receiver.wait_more()
    # Without the root all goes on; it knows all again when it is back.
    net.root.kill()
    receiver.wait_more()
    net.root.start()
    net.wait_tree(SECONDS)
    net.wait_sessions(SECONDS)
    net.root.ctl("weights", 1, 1, "7")
    until(lambda: nodes[1].show("flows", 1, 1)[0]["source"][0]["weight"] == 7, 3, "the weight")
    receiver.wait_more()
    sender.stop()
    whole(sender, receiver)
    # Nobody sends what nobody was told of.
    net.root.ctl("leave", 1, net.name(3))
    until(lambda: not nodes[1].show("sessions") and not nodes[3].show("sessions"), 5,
          "the session is away")
    net.root.ctl("join", 1, net.name(3))
    net.wait_sessions()
    receiver.close()


def test_nodes_start_without_the_root(stage):
    """While the root is away each node in turn is killed and starts again: all flows as before. A
    damaged file of what it was told is named and ignored."""
    net = Tree(stage)
    first, relay, last = net.place(1, "root"), net.place(2, "relay", 1), net.place(3, "leaf", 2)
    net.wire(first, relay)
    net.wire(relay, last)
    source, sink = net.client(first), net.client(last)
    net.session(1, source=1, destinations=[3], flows=["2 > 3"], ingress=source.ingress(5000),
                egress=[sink.egress(3, 6000)])
    nodes = net.start()
    net.wait_sessions()
    receiver = Receiver(sink, 6000)
    sender = stream(source, 1, 5000)
    receiver.wait_more()
    kept = {number: pathlib.Path(node.config["management"]["state"])
            for number, node in nodes.items()}
    for path in kept.values():
        until(lambda: path.exists() and b"pipedef" in path.read_bytes(), 5, f"{path} is written")
    net.root.kill()
    for number in (3, 2, 1):
        nodes[number].kill()
        nodes[number].start()
        assert nodes[number].show("node")["id"] == number
        receiver.wait_more(15)
    for number, parent in ((2, 1), (3, 2)):
        until(lambda: nodes[number].show("management")["parent"] == net.name(parent), 10,
              "the tree is whole below the root")
    net.root.start()
    net.wait_tree()
    net.wait_sessions()
    receiver.wait_more()
    nodes[3].kill()
    damaged = bytearray(kept[3].read_bytes())
    damaged[len(damaged) // 2] ^= 1
    kept[3].write_bytes(damaged)
    nodes[3].start()
    nodes[3].wait_log(f"{kept[3]} is ignored: its sum")
    net.wait_tree()
    net.wait_sessions()
    receiver.wait_more(15)
    sender.stop()
    receiver.close()


def test_another_root(stage):
    """A node that is given to another root forgets what the first one told it, and joins anew."""
    net = Tree(stage)
    place = net.place(1, "root")
    net.client(place)
    node = net.start()[1]
    kept = pathlib.Path(node.config["management"]["state"])
    until(kept.exists, 5, f"{kept} is written")
    node.kill()
    net.root.kill()
    net.root.config["root"].update(listen=f"{net.address(0)}:{CONTROL_PORT + 1}",
                                   store=str(net.root.directory / "another.db"))
    net.root.config["nodes"][0]["id"] = 11
    net.root.write_config()
    net.root.start()
    node.config["management"]["root"] = net.root.config["root"]["listen"]
    node.write_config()
    node.start()
    assert node.show("node")["id"] == 11
    node.wait_log(f"{kept} is ignored: it is of another root .*:{CONTROL_PORT},")
    net.wait_tree()


def diamond(stage):
    net = Tree(stage)
    first = net.place(1, "root")
    upper, lower = net.place(2, "relay", 1), net.place(3, "relay", 1)
    last = net.place(4, "leaf", 2)
    for relay in (upper, lower):
        net.wire(first, relay)
        net.wire(relay, last)
    source, sink = net.client(first), net.client(last)
    net.session(1, source=1, destinations=[4], flows=["2 > 4"], ingress=source.ingress(5000),
                egress=[sink.egress(4, 6000)])
    net.session(2, source=1, destinations=[4], flows=["3 > 4"], ingress=source.ingress(5001),
                egress=[sink.egress(4, 6001)])
    nodes = net.start()
    net.wait_sessions()
    for place in net.places.values():
        place.running.wait_resolved()
    return net, nodes, source, sink


def test_route_changes_lose_nothing(stage):
    net, nodes, source, sink = diamond(stage)
    receiver = Receiver(sink, 6000)
    sender = stream(source, 1, 5000)
    receiver.wait_more()
    for path in ("3 > 4", "2 > 4", "(2 > 4, 3 > 4)", "3 > 4"):
        net.root.ctl("route", "set", 1, 1, 0, path)
        until(lambda: nodes[1].show("flows", 1, 1)[0]["source"][-1]["path"] == path, 5, path)
        receiver.wait_more()
    until(lambda: net.name(2) not in net.states(1), 5, "the upper relay is left out")
    receiver.wait_more()
    sender.stop()
    whole(sender, receiver)
    receiver.close()


def test_who_stays_loses_nothing(stage):
    """A destination leaves and joins, again and again; the others get all, of one epoch."""
    net = Tree(stage)
    first, relay = net.place(1, "root"), net.place(2, "relay", 1)
    ends = [net.place(number, "leaf", 2) for number in (3, 4, 5)]
    net.wire(first, relay)
    for end in ends:
        net.wire(relay, end)
    source, sinks = net.client(first), {end.id: net.client(end) for end in ends}
    net.session(1, source=1, destinations=[3, 4, 5], ingress=source.ingress(5000),
                flows=[{"path": "2 > (3, 4, 5)", "weight": 3}, {"path": "2 > (4, 5, 3)"}],
                egress=[sink.egress(number, 6000) for number, sink in sinks.items()])
    nodes = net.start()
    net.wait_sessions()
    for place in net.places.values():
        place.running.wait_resolved()
    receivers = {number: Receiver(sink, 6000) for number, sink in sinks.items()}
    sender = stream(source, 1, 5000)
    for receiver in receivers.values():
        receiver.wait_more()
    epoch, flows = nodes[1].source(1, 1)["epoch"], nodes[1].show("flows", 1, 1)[0]["source"]
    for turn in range(6):
        who = 4 if turn % 3 else 5
        net.root.ctl("leave", 1, net.name(who))
        until(lambda: who not in nodes[1].session(1, 1)["destination_nodes"], 5, "it left")
        # Half of the times it comes back before it was told to end the session, or while it is.
        if turn % 2:
            until(lambda: not nodes[who].show("sessions"), 5, "it has ended there")
        elif turn == 4:
            time.sleep(1)
        net.root.ctl("join", 1, net.name(who))
        until(lambda: who in nodes[1].session(1, 1)["destination_nodes"], 5, "it joined")
        net.wait_sessions()
        receivers[who].wait_more()
    sender.stop()
    whole(sender, receivers[3])
    assert nodes[1].source(1, 1)["epoch"] == epoch
    assert [(f["flow"], f["weight"]) for f in nodes[1].show("flows", 1, 1)[0]["source"]] == \
        [(f["flow"], f["weight"]) for f in flows]
    stayed = nodes[3].destination(1, 1)
    assert (stayed["epochs"], stayed["lost"]) == (1, 0), stayed
    for receiver in receivers.values():
        assert not receiver.wrong and not receiver.twice
        receiver.close()


@pytest.mark.parametrize("victim", (2, 1, 4))
def test_who_is_killed(stage, victim):
    """A relay: the other session loses nothing. A source, a leaf: all is installed again."""
    net, nodes, source, sink = diamond(stage)
    receivers = [Receiver(sink, 6000), Receiver(sink, 6001)]
    senders = [stream(source, 1, 5000), stream(source, 2, 5001)]
    for receiver in receivers:
        receiver.wait_more()
    nodes[victim].kill()
    until(lambda: net.root.node(net.name(victim))["state"] == "away", SECONDS, "it is away")
    nodes[victim].start()
    net.wait_tree(SECONDS)
    net.wait_sessions(SECONDS)
    for receiver in receivers:
        receiver.wait_more()
    for sender in senders:
        sender.stop()
    if victim == 2:
        whole(senders[1], receivers[1])
    for receiver in receivers:
        receiver.close()


def test_redirect(stage):
    """A node and one below it go to another parent, and back up: nobody has anything to warn of. A
    node that cannot be reached is still told of."""
    net = Tree(stage)
    top, left, right = net.place(1, "root"), net.place(2, "relay", 1), net.place(3, "relay", 1)
    moving, below = net.place(4, "relay", 2), net.place(5, "leaf", 4)
    for ends in ((top, left), (top, right), (left, moving), (moving, below)):
        net.wire(*ends)
    nodes = net.start()

    def warnings():
        return [line for program in (net.root, *nodes.values())
                for line in program.log().splitlines() if "warning: " in line]

    before = warnings()
    for parent in (3, 1, 2):
        net.root.ctl("redirect", net.name(4), parent)
        until(lambda: nodes[4].show("management")["parent"] == net.name(parent), SECONDS, "it went")
        net.wait_tree(SECONDS)
    # By the file, the same.
    net.parents[4] = 3
    net.root.config["nodes"] = net.topology()
    net.root.write_config()
    net.root.ctl("reload")
    until(lambda: nodes[4].show("management")["parent"] == net.name(3), SECONDS, "it went")
    net.wait_tree(SECONDS)
    time.sleep(0.5)
    assert warnings() == before
    nodes[5].kill()
    net.root.ctl("ask", net.name(5))
    until(lambda: any("404" in line for line in warnings()), SECONDS, "nobody has that node")
