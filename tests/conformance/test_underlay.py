# SPDX-License-Identifier: BSD-3-Clause
"""The node answers for itself: ARP, neighbour discovery, ping; on a port with a VLAN in its tag."""

import ipaddress

import pytest
from bench import PORTS, VLAN
from expect import nothing_else
from scapy.layers.inet import ICMP, IP
from scapy.layers.inet6 import (ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6MLQuery2,
                                ICMPv6MLReport2, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr,
                                ICMPv6NDOptSrcLLAddr, IPv6, IPv6ExtHdrHopByHop, RouterAlert)
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

from harness.node import until

MAC = "02:00:00:00:02:01"
ASKER = {"a": ("10.1.0.99", "fd01::99"), "v": ("10.2.0.99", "fd02::99"), "s": ("10.3.0.99", None),
         "c": ("10.4.0.99", None)}
PORTS_V6 = [port for port, fields in PORTS.items() if fields[1]]


def ether(port, dst):
    head = Ether(src=MAC, dst=dst)
    return head / Dot1Q(vlan=VLAN) if PORTS[port][2] else head


def ask(bench, port, packet):
    """Sends it and returns a function that gives the first answer to us."""
    end = bench.ends[port]
    end.underlay.clear()
    end.send(bytes(packet))
    ours = bytes.fromhex(MAC.replace(":", ""))

    def answer(queue):
        found = [f for f in queue() if f[:6] == ours]
        return Ether(found[0]) if found else None
    return answer


def body(port, frame):
    """What follows the Ethernet header, the tag checked."""
    if PORTS[port][2]:
        assert frame[Dot1Q].vlan == VLAN
        return frame[Dot1Q].payload
    assert Dot1Q not in frame
    return frame.payload


def asked_and_answered(bench):
    """Our question: received and consumed; the answer is the underlay's, taken off already."""
    bench.expect_moved({"node received": 1, "node consumed": 1})
    nothing_else(bench)


@pytest.mark.parametrize("port", PORTS)
def test_arp(known, port):
    own = PORTS[port][0]
    answer = ask(known, port, ether(port, "ff:ff:ff:ff:ff:ff") / ARP(
        op=1, hwsrc=MAC, psrc=ASKER[port][0], pdst=own))
    frame = until(lambda: answer(lambda: list(known.ends[port].underlay)), 2, "ARP reply")
    reply = body(port, frame)[ARP]
    assert frame.src == known.macs[port]
    assert (reply.op, reply.hwsrc, reply.psrc, reply.hwdst, reply.pdst) == (
        2, known.macs[port], own, MAC, ASKER[port][0])
    asked_and_answered(known)


def solicited(address):
    """The group that neighbours solicit an address by."""
    last = ipaddress.ip_address(address).packed[-3:]
    return str(ipaddress.ip_address(bytes.fromhex("ff0200000000000000000001ff") + last))


@pytest.mark.parametrize("port", PORTS_V6)
@pytest.mark.parametrize("unicast", [False, True])
def test_neighbour_discovery(known, port, unicast):
    own, asker = PORTS[port][1], ASKER[port][1]
    last = ipaddress.ip_address(own).packed[-3:]
    group = solicited(own)
    group_mac = "33:33:ff:" + ":".join(f"{b:02x}" for b in last)
    answer = ask(known, port, ether(port, known.macs[port] if unicast else group_mac)
                 / IPv6(src=asker, dst=own if unicast else group, hlim=255)
                 / ICMPv6ND_NS(tgt=own) / ICMPv6NDOptSrcLLAddr(lladdr=MAC))
    frame = until(lambda: answer(lambda: list(known.ends[port].underlay)), 2, "advertisement")
    reply = body(port, frame)
    assert (reply.src, reply.dst, reply.hlim) == (own, asker, 255)
    advertisement = reply[ICMPv6ND_NA]
    assert (advertisement.tgt, advertisement.S, advertisement.O, advertisement.R) == (own, 1, 1, 0)
    assert advertisement[ICMPv6NDOptDstLLAddr].lladdr == known.macs[port]
    given = advertisement.cksum
    del advertisement.cksum
    assert IPv6(bytes(reply))[ICMPv6ND_NA].cksum == given
    asked_and_answered(known)


@pytest.mark.parametrize("port", PORTS_V6)
def test_listener_query(known, port):
    """As a switch that snoops asks: without an answer it hands no solicitations on in the end."""
    end = known.ends[port]
    end.underlay.clear()
    end.send(bytes(ether(port, "33:33:00:00:00:01") / IPv6(src="fe80::99", dst="ff02::1", hlim=1)
                   / IPv6ExtHdrHopByHop(options=RouterAlert())
                   / ICMPv6MLQuery2(type=130, mrd=100)))

    def report():
        found = [f for f in list(end.underlay) if f[:6] == bytes.fromhex("333300000016")]
        return Ether(found[0]) if found else None
    reply = body(port, until(report, 2, "listener report"))
    assert (reply.dst, reply.hlim) == ("ff02::16", 1)
    # "I listen to all sources of this group", 20 bytes for each group.
    records = bytes(reply)[40 + 8 + 8:]
    group = ipaddress.ip_address(solicited(PORTS[port][1])).packed
    assert b"\2\0\0\0" + group in [records[i:i + 20] for i in range(0, len(records), 20)]
    assert reply[ICMPv6MLReport2].records_number * 20 == len(records)
    asked_and_answered(known)


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("size", [0, 56, 500])
def test_ping(known, port, size):
    payload = bytes(i & 0xFF for i in range(size))
    answer = ask(known, port, ether(port, known.macs[port])
                 / IP(src=ASKER[port][0], dst=PORTS[port][0])
                 / ICMP(type=8, id=7, seq=9) / Raw(payload))
    frame = until(lambda: answer(lambda: list(known.ends[port].frames)), 2, "echo reply")
    known.ends[port].take()
    reply = body(port, frame)
    assert (reply.src, reply.dst) == (PORTS[port][0], ASKER[port][0])
    assert (reply[ICMP].type, reply[ICMP].code, reply[ICMP].id, reply[ICMP].seq) == (0, 0, 7, 9)
    assert bytes(reply[ICMP].payload)[:size] == payload
    given = (reply.chksum, reply[ICMP].chksum)
    del reply.chksum, reply[ICMP].chksum
    rebuilt = IP(bytes(reply))
    assert (rebuilt.chksum, rebuilt[ICMP].chksum) == given
    known.expect_moved(
        {"node received": 1, "node consumed": 1, "node originated": 1, "node sent": 1})


@pytest.mark.parametrize("port", PORTS_V6)
@pytest.mark.parametrize("size", [0, 56, 1452])
def test_ping6(known, port, size):
    payload = bytes(i & 0xFF for i in range(size))
    answer = ask(known, port, ether(port, known.macs[port])
                 / IPv6(src=ASKER[port][1], dst=PORTS[port][1])
                 / ICMPv6EchoRequest(id=7, seq=9, data=payload))
    frame = until(lambda: answer(lambda: list(known.ends[port].underlay)), 2, "echo reply")
    reply = body(port, frame)
    assert (reply.src, reply.dst) == (PORTS[port][1], ASKER[port][1])
    echo = reply[ICMPv6EchoReply]
    assert (echo.id, echo.seq, echo.data) == (7, 9, payload)
    given = echo.cksum
    del echo.cksum
    assert IPv6(bytes(reply))[ICMPv6EchoReply].cksum == given
    asked_and_answered(known)
