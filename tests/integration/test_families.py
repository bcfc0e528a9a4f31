#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""IPv4 and IPv6 links on one path: checksums are right in the eyes of kernels."""

import pytest
from harness.deploy import Deployment
from harness.udp import Receiver, Sender

COUNT = 400


def counters(namespace, path):
    """/proc/net/snmp6 and the like as {name: number}."""
    lines = namespace.run("cat", path).stdout.splitlines()
    if path.endswith("snmp6"):
        return {k: int(v) for k, v in (line.split() for line in lines)}
    table = {}
    for names, values in zip(lines[::2], lines[1::2]):
        group = names.split(":")[0]
        for k, v in zip(names.split()[1:], values.split()[1:]):
            table[group + k] = int(v)
    return table


@pytest.mark.parametrize("links", [(False, True, False), (True, False, True), (True, True, True)],
                         ids=lambda links: "-".join("IPv6" if v6 else "IPv4" for v6 in links))
def test_path(stage, links):
    """1 > 5 > 6 > 2, sessions into and out of both families at once."""
    net = Deployment(stage)
    places = [net.node(number) for number in (1, 5, 6, 2)]
    for left, right, v6 in zip(places, places[1:], links):
        net.wire(left, right, v6)
    client, far = net.client(places[0]), net.client(places[3])
    ways = [(in6, out6) for in6 in (False, True) for out6 in (False, True)]
    for number, (in6, out6) in enumerate(ways, 1):
        net.session(number, source=1, destinations=[2], flows=["5 > 6 > 2"],
                    ingress=client.ingress(5000 + number, in6),
                    egress=[far.egress(2, 6006 if out6 else 6004, out6)])
    nodes = net.start()
    receivers = {out6: Receiver(far, 6006 if out6 else 6004, out6) for out6 in (False, True)}
    senders = [
        Sender(client, client.node_address6 if in6 else client.node_address, 5000 + number,
               stream=number, count=COUNT, pps=250, size=lambda n: 12 + n * 13 % 1300)
        for number, (in6, _) in enumerate(ways, 1)
    ]
    for sender in senders:
        sender.finish()
    for out6, receiver in receivers.items():
        receiver.expect_all({s.stream: s.sizes for s in senders if ways[s.stream - 1][1] == out6})
        receiver.close()
    snmp6 = counters(far.namespace, "/proc/net/snmp6")
    snmp = counters(far.namespace, "/proc/net/snmp")
    assert (snmp6["Udp6InCsumErrors"], snmp6["Udp6InErrors"]) == (0, 0)
    assert (snmp["UdpInCsumErrors"], snmp["IpInHdrErrors"]) == (0, 0)
    for node in nodes.values():
        # A neighbour's report of its multicast groups is not for this node.
        assert set(node.drops()) <= {"ip_address"}, node.name
