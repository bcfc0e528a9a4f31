#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A node answers for itself to the tools that people use, and says whom it cannot find."""

import re
import shutil

import pytest
from harness.deploy import Deployment
from harness.node import PATIENCE


@pytest.fixture(scope="module")
def net(module_stage):
    net = Deployment(module_stage)
    one = net.node(1)
    net.host = net.client(one)
    # Nobody is at these addresses.
    one.peers += [
        {"id": 8, "port": net.host.port, "address": net.host.address.replace(".2", ".88")},
        {"id": 9, "port": net.host.port, "address": net.host.address6 + "99"},
    ]
    place = net.places[1]
    place.running = module_stage.node(place.namespace, place.configuration([]))
    net.one = place.running
    return net


@pytest.mark.parametrize("size", [0, 1, 56, 1000, 1472])
def test_ping(net, size):
    out = net.host.namespace.run("ping", "-n", "-c", 3, "-i", 0.05, "-W", 2, "-M", "do", "-s", size,
                                 net.host.node_address).stdout
    assert "3 received, 0% packet loss" in out


@pytest.mark.parametrize("size", [0, 1, 56, 1000, 1452])
def test_ping6(net, size):
    out = net.host.namespace.run("ping", "-6", "-n", "-c", 3, "-i", 0.05, "-W", 2, "-s", size,
                                 net.host.node_address6).stdout
    assert "3 received, 0% packet loss" in out


def test_underlay_is_shown(net):
    """What a ping asks and what is said back is counted, once a frame."""
    def counts():
        return {c["counter"]: c["count"] for c in net.one.show("underlay")}

    before = counts()
    net.host.namespace.run("ping", "-n", "-c", 3, "-i", 0.05, "-W", 2, net.host.node_address)
    assert counts()["echo4_answered"] == before.get("echo4_answered", 0) + 3
    assert "ICMP echo request answered" in net.one.ferryctl("show", "underlay").stdout
    assert net.one.port(net.host.port)["address_conflicts"] == 0
    assert net.one.show("node")["utc_steps"] >= 0


def test_ping_wakes(net):
    """Worker and control thread of an idle node sleep for 50 and 100 ms; they wake each other."""
    out = net.host.namespace.run("ping", "-n", "-c", 15, "-i", 0.27, "-W", 2,
                                 net.host.node_address).stdout
    times = sorted(float(ms) for ms in re.findall(r" time=([0-9.]+) ms", out))
    print(out)
    assert len(times) == 15
    assert times[7] < 4 * PATIENCE


def test_kernel_resolves_the_node(net):
    """By ARP and by neighbour discovery: the kernel's table has the port's MAC address."""
    for address in (net.host.node_address, net.host.node_address6):
        net.host.namespace.run("ip", "neighbour", "flush", "dev", "eth0", check=False)
        net.host.namespace.run("ping", "-c", 1, "-W", 2, address)
        shown = net.host.namespace.run("ip", "neighbour", "show", address).stdout
        assert net.one.port(net.host.port)["mac"] in shown
        assert "FAILED" not in shown


@pytest.mark.skipif(shutil.which("arping") is None, reason="needs the program arping")
def test_arping(net):
    out = net.host.namespace.run("arping", "-c", 2, "-w", 3, "-I", "eth0",
                                 net.host.node_address).stdout
    assert net.one.port(net.host.port)["mac"].lower() in out.lower()
    assert len(re.findall(r"(?i)reply from", out)) == 2


@pytest.mark.skipif(shutil.which("ndisc6") is None, reason="needs the program ndisc6")
def test_ndisc6(net):
    out = net.host.namespace.run("ndisc6", "-w", 2000, net.host.node_address6, "eth0").stdout
    assert net.one.port(net.host.port)["mac"].lower() in out.lower()


def test_neighbour_that_does_not_answer_is_told(net):
    for address in (net.host.address.replace(".2", ".88"), net.host.address6 + "99"):
        net.one.wait_log(rf"cannot resolve neighbour {re.escape(address)} on port c1: no answer", 10)
    states = {link["id"]: (link["state"], link["mac"]) for link in net.one.show("links")}
    assert states == {8: ("unresolved", None), 9: ("unresolved", None)}
