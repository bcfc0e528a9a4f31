# SPDX-License-Identifier: BSD-3-Clause
"""The far end of a node's veth: sends any frame, keeps all that come, and plays neighbours there.

Neighbours are addresses with a MAC each; their ARP and neighbour discovery is answered here, by
hand, so that the test knows of each frame on the wire. No kernel address is on this end.
"""

import ipaddress
import socket
import struct
import threading
import time

from .node import PATIENCE

_SOL_PACKET = 263
_PACKET_AUXDATA = 8
_PACKET_IGNORE_OUTGOING = 23
_TP_STATUS_VLAN_VALID = 1 << 4
_ETH_P_ALL = 3

ARP, IPV4, IPV6, VLAN = 0x0806, 0x0800, 0x86DD, 0x8100


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def checksum(data):
    """RFC 1071, of bytes that are padded to an even number."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethertype(frame):
    """(type, offset of what follows) behind a tag."""
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == VLAN:
        return struct.unpack_from("!H", frame, 16)[0], 18
    return kind, 14


class Frame(bytes):
    """What came, and when (monotonic)."""

    came = 0.0


class RawEnd:
    """Frames on one interface of a namespace. heard and answered count the underlay's frames."""

    def __init__(self, namespace, interface):
        with namespace.entered():
            self.socket = socket.socket(
                socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        self.socket.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        self.socket.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.bind((interface, 0))
        self.socket.settimeout(0.2)
        self.neighbours = {}
        self.frames = []
        self.underlay = []
        self.heard = 0
        self.answered = 0
        self.arrived = threading.Condition()
        self.stopping = False
        self.thread = threading.Thread(target=self._receive, daemon=True)
        self.thread.start()

    def close(self):
        self.stopping = True
        self.thread.join()
        self.socket.close()

    def play(self, address, mac):
        """Answers for this neighbour from now on."""
        self.neighbours[ipaddress.ip_address(address)] = mac

    def silence(self, address):
        self.neighbours.pop(ipaddress.ip_address(address), None)

    def send(self, frame):
        self.socket.send(bytes(frame))

    # --- what came ---------------------------------------------------------------------------

    def take(self):
        """All frames so far but the underlay's, and forgets them."""
        with self.arrived:
            frames, self.frames = self.frames, []
        return frames

    def wait(self, matches, seconds=3):
        """The first frame that matches, out of the queue; None if there is none in time."""
        end = time.monotonic() + seconds * PATIENCE
        with self.arrived:
            while True:
                for i, frame in enumerate(self.frames):
                    if matches(frame):
                        return self.frames.pop(i)
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self.arrived.wait(left)

    def _receive(self):
        while not self.stopping:
            try:
                data, ancillary, _, _ = self.socket.recvmsg(65536, 128)
            except socket.timeout:
                continue
            except OSError:
                return  # the interface went down, or away
            frame = Frame(_with_tag(data, ancillary))
            frame.came = time.monotonic()
            with self.arrived:
                if self._is_underlay(frame):
                    self.heard += 1
                    self.underlay.append(frame)
                    self._answer(frame)
                else:
                    self.frames.append(frame)
                self.arrived.notify_all()

    @staticmethod
    def _is_underlay(frame):
        kind, at = ethertype(frame)
        if kind == ARP:
            return True
        # ICMPv6, directly or behind hop-by-hop options (reports of multicast listeners).
        return kind == IPV6 and (frame[at + 6] == 58 or frame[at + 6] == 0)

    # --- neighbours --------------------------------------------------------------------------

    def _answer(self, frame):
        kind, at = ethertype(frame)
        reply = self._arp_reply(frame, at) if kind == ARP else self._advertisement(frame, at)
        if reply is not None:
            self.answered += 1
            self.send(reply)

    def _arp_reply(self, frame, at):
        operation, sender_mac, sender, _, target = struct.unpack_from("!6xH6s4s6s4s", frame, at)
        mac = self.neighbours.get(ipaddress.ip_address(target))
        if operation != 1 or mac is None or sender == target:
            return None
        own = mac_bytes(mac)
        return (sender_mac + own + frame[12:at]
                + struct.pack("!HHBBH6s4s6s4s", 1, IPV4, 6, 4, 2, own, target, sender_mac, sender))

    def _advertisement(self, frame, at):
        source, body = frame[at + 8:at + 24], frame[at + 40:]
        if frame[at + 6] != 58 or body[0] != 135 or source == bytes(16):
            return None
        target = body[8:24]
        mac = self.neighbours.get(ipaddress.ip_address(target))
        if mac is None:
            return None
        own = mac_bytes(mac)
        reply = struct.pack("!BBHI16sBB6s", 136, 0, 0, 0x60000000, target, 2, 1, own)
        pseudo = target + source + struct.pack("!II", len(reply), 58)
        reply = reply[:2] + struct.pack("!H", checksum(pseudo + reply)) + reply[4:]
        header = struct.pack("!IHBB16s16s", 6 << 28, len(reply), 58, 255, target, source)
        return frame[6:12] + own + frame[12:at] + header + reply


def _with_tag(data, ancillary):
    """The kernel takes a tag off and tells it beside the frame; put it back."""
    for level, kind, value in ancillary:
        if level == _SOL_PACKET and kind == _PACKET_AUXDATA:
            status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", value[:20])
            if status & _TP_STATUS_VLAN_VALID:
                return data[:12] + struct.pack("!HH", tpid or VLAN, tci) + data[12:]
    return data
