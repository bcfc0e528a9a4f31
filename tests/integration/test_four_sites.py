#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Four sites behind two relays, each sends to the other three at once: all comes, exactly once."""

from harness.deploy import Deployment
from harness.udp import Receiver, Sender

SITES = (1, 2, 3, 4)
COUNT = 1000

# Sites 1 and 2 are near relay 5, 3 and 4 near relay 6; every site reaches both.
PATHS = {
    1: "5 > (2, 6 > (3, 4))",
    2: "(5 > 1, 6 > (3, 4))",
    3: "6 > (4, 5 > (1, 2))",
    4: "(5 > (1, 2), 6 > 3)",
}


def test_all_to_all(stage):
    net = Deployment(stage)
    places = {number: net.node(number) for number in (*SITES, 5, 6)}
    for site in SITES:
        net.wire(places[site], places[5])
        net.wire(places[site], places[6])
    net.wire(places[5], places[6])
    for place in places.values():
        for peer in place.peers:
            peer["pacing"] = "none"  # a rate found on a busy machine may be below the senders'
    clients = {site: net.client(places[site]) for site in SITES}
    for source in SITES:
        others = [site for site in SITES if site != source]
        net.session(source, source=source, destinations=others, flows=[PATHS[source]],
                    ingress=clients[source].ingress(5000 + source),
                    egress=[clients[d].egress(d, 6000) for d in others])
    nodes = net.start()
    receivers = {site: Receiver(clients[site], 6000) for site in SITES}
    senders = {
        site: Sender(clients[site], clients[site].node_address, 5000 + site, stream=site,
                     count=COUNT, pps=400, size=lambda n: 12 + n * 7 % 1300)
        for site in SITES
    }
    for sender in senders.values():
        sender.finish()
    for site, receiver in receivers.items():
        receiver.expect_all({s: senders[s].sizes for s in SITES if s != site})
        receiver.close()
    for site in SITES:
        for source in SITES:
            shown = nodes[site].session(1, source)
            if source == site:
                assert shown["source"]["packets"] == COUNT
            else:
                counted = shown["destination"]
                assert (counted["packets"], counted["lost"], counted["duplicates"]) == (COUNT, 0, 0)
    for node in nodes.values():
        # A client's kernel reports its multicast groups, which is not for the node.
        assert set(node.drops()) <= {"ip_address"}, node.name
