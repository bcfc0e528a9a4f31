# SPDX-License-Identifier: BSD-3-Clause
"""Numbered datagrams: a sender and a receiver in clients' namespaces.

Each datagram says its stream and its number, and the rest follows from these: the receiver sees
what is missing, what came twice, and what came with any byte changed or cut.
"""

import socket
import struct
import threading
import time

from .node import PATIENCE, until

_HEAD = struct.Struct("!IQ")


def datagram(stream, number, size):
    fill = (stream * 131 + number * 17) & 0xFFFF
    pattern = bytes(((fill + i * 7) & 0xFF for i in range(251)))
    body = pattern * (size // 251 + 1)
    return (_HEAD.pack(stream, number) + body)[:size]


def _socket(namespace, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with namespace.entered():
        sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_RCVBUFFORCE", 33), 16 << 20)
    return sock


class Receiver:
    """Counts datagrams at one address by (stream, number); keeps when each came."""

    def __init__(self, client, port, v6=False):
        self.socket = _socket(client.namespace, client.address6 if v6 else client.address)
        self.socket.bind((client.address6 if v6 else client.address, port))
        self.socket.settimeout(0.1)
        self.came = {}
        self.order = []
        self.twice = 0
        self.wrong = []
        self.last_at = 0.0
        self.stopping = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stopping:
            try:
                data = self.socket.recv(65536)
            except socket.timeout:
                continue
            self.last_at = time.monotonic()
            if len(data) < _HEAD.size:
                self.wrong.append(data)
                continue
            key = _HEAD.unpack_from(data)
            if data != datagram(*key, len(data)):
                self.wrong.append(data)
            if key in self.came:
                self.twice += 1
            self.came[key] = len(data)
            self.order.append(key)

    def numbers(self, stream):
        return {number for s, number in list(self.came) if s == stream}

    def count(self):
        return len(self.came)

    def wait_count(self, count, seconds=10):
        until(lambda: self.count() >= count, seconds,
              lambda: f"{count} datagrams, there are {self.count()}")

    def wait_more(self, seconds=10):
        """Datagrams that come from now on."""
        now = self.count()
        until(lambda: self.count() > now + 10, seconds, "more datagrams")

    def expect_all(self, sizes, seconds=10):
        """Exactly these came: {stream: [size of each number]}; each once, each whole."""
        wanted = {(stream, n): size for stream, of in sizes.items() for n, size in enumerate(of)}
        try:
            until(lambda: len(self.came) >= len(wanted), seconds, "all datagrams")
        except AssertionError:
            pass
        missing = sorted(wanted.keys() - self.came.keys())
        assert not missing, f"{len(missing)} of {len(wanted)} did not come, the first: {missing[:5]}"
        assert self.came == wanted
        assert (self.twice, self.wrong) == (0, [])

    def close(self):
        self.stopping = True
        self.thread.join()
        self.socket.close()


class Sender:
    """Sends numbered datagrams at a rate until count are sent, or until stop()."""

    def __init__(self, client, address, port, stream=0, count=None, pps=500, size=200):
        self.socket = _socket(client.namespace, address)
        self.socket.connect((address, port))
        self.stream, self.count, self.pps = stream, count, pps
        self.size_of = size if callable(size) else lambda number: size
        self.sizes = []
        self.stopping = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        start = time.monotonic()
        while not self.stopping and (self.count is None or len(self.sizes) < self.count):
            number = len(self.sizes)
            wait = start + number / self.pps - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            size = self.size_of(number)
            try:
                self.socket.send(datagram(self.stream, number, size))
            except OSError:
                time.sleep(0.01)  # it was not sent: no neighbour yet, an interface that is down
                continue
            self.sizes.append(size)

    def sent(self):
        return len(self.sizes)

    def stop(self):
        self.stopping = True
        self.thread.join()
        self.socket.close()
        return len(self.sizes)

    def finish(self, seconds=60):
        self.thread.join(seconds * PATIENCE)
        assert not self.thread.is_alive(), "the sender did not end"
        self.socket.close()
        return len(self.sizes)
