# SPDX-License-Identifier: BSD-3-Clause
"""Datagrams of many sessions that go on while nodes die and come back, counted at each destination.

One thread sends them all, another receives them all. A stream's datagrams carry its number and a
running one, and the rest follows from these (udp.datagram). The video's are RTP as ffmpeg makes
them: it sends them to this process, which passes them on as they are and remembers each.

A pair is a session and one of its destinations. What it may lose is what was sent while a node was
dead without which no way leads there: from the node's end until the first datagram that comes
through it again.
"""

import collections
import heapq
import selectors
import struct
import subprocess
import threading
import time

from .node import PATIENCE, until
from .udp import _HEAD, _socket, datagram

IN_FLIGHT = 1.0  # seconds that a datagram may have been on its way when a node died
_RTP = struct.Struct("!BBH")

Outage = collections.namedtuple("Outage", "victim down back")


class Stream:
    """What one session was given: when each datagram was sent."""

    def __init__(self, session, client, port, size):
        self.session, self.size = session, size
        self.sent = []  # times, by number
        self.socket = _socket(client.namespace, client.node_address)
        self.socket.connect((client.node_address, port))

    def send(self, data):
        """False: the kernel has nowhere to send it to, and it does not count."""
        now = time.monotonic()
        try:
            self.socket.send(data)
        except OSError:
            return False
        self.sent.append(now)
        return True

    def send_next(self):
        self.send(datagram(self.session, len(self.sent), self.size))

    def number(self, data):
        """The number of a datagram of this stream, None if it is not as it was sent."""
        if len(data) != self.size:
            return None
        session, number = _HEAD.unpack_from(data)
        whole = session == self.session and data == datagram(session, number, self.size)
        return number if whole else None


class Video(Stream):
    """RTP packets of ffmpeg: by their sequence, from the first one on."""

    def __init__(self, session, client, port, file):
        super().__init__(session, client, port, None)
        self.packets = {}  # RTP packet -> its number
        with client.namespace.entered():
            self.inlet = _socket(client.namespace, "127.0.0.1")
        self.inlet.bind(("127.0.0.1", 0))
        self.program = client.namespace.popen(
            "ffmpeg", "-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-i", file,
            "-map", "0:v", "-c:v", "copy", "-payload_type", "96", "-f", "rtp",
            f"rtp://127.0.0.1:{self.inlet.getsockname()[1]}?pkt_size=1200",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def pass_on(self):
        data = self.inlet.recv(65536)
        if data[1] & 0x7F != 96:
            return  # RTCP goes another way
        self.packets[data] = len(self.sent)  # before it can have come
        if not self.send(data):
            del self.packets[data]

    def number(self, data):
        return self.packets.get(data)

    def stop(self):
        self.program.kill()
        self.program.wait()
        self.inlet.close()


class Pair:
    def __init__(self, stream, node, ways, client, port):
        self.stream, self.node = stream, node
        self.ways = ways  # each a set of nodes, both ends among them
        self.came = {}  # number -> when
        self.twice = self.wrong = 0
        self.socket = _socket(client.namespace, client.address)
        self.socket.bind((client.address, port))

    def name(self):
        return f"session {self.stream.session} at {self.node}"

    def needs(self, node):
        """Does every way lead over it?"""
        return all(node in way for way in self.ways)

    def take(self):
        number = self.stream.number(self.socket.recv(65536))
        if number is None:
            self.wrong += 1
        elif number in self.came:
            self.twice += 1
        else:
            self.came[number] = time.monotonic()

    def since(self, moment):
        """The first datagram that was sent after a moment and came: (sent, came), or None."""
        sent = self.stream.sent
        for number in range(len(sent) - 1, -1, -1):
            if sent[number] <= moment:
                break
        else:
            number = -1
        for number in range(number + 1, len(sent)):
            if number in self.came:
                return sent[number], self.came[number]
        return None

    def lost(self, outages):
        """Numbers that did not come: (those that may be lost, those that may not)."""
        windows = []
        for outage in outages:
            if self.needs(outage.victim):
                first = self.since(outage.back)
                windows.append((outage.down - IN_FLIGHT * PATIENCE,
                                first[0] if first else float("inf")))
        excused, unexcused = [], []
        for number, sent in enumerate(self.stream.sent):
            if number not in self.came:
                allowed = any(down <= sent <= up for down, up in windows)
                (excused if allowed else unexcused).append(number)
        return excused, unexcused


class Traffic:
    """pps of each stream; start() when its sessions are there."""

    def __init__(self, pps=50, size=400):
        self.pps, self.size = pps / PATIENCE, size
        self.streams, self.pairs, self.outages = [], [], []
        self.selector = selectors.DefaultSelector()
        self.sending, self.receiving = True, True
        self.threads = [threading.Thread(target=run, daemon=True)
                        for run in (self._send, self._receive)]

    def add(self, session, client, port, video=None):
        """A stream from a client to an ingress port; video: the file that ffmpeg sends instead."""
        stream = Stream(session, client, port, self.size) if video is None else \
            Video(session, client, port, video)
        self.streams.append(stream)
        return stream

    def end(self, stream, node, ways, client, port):
        pair = Pair(stream, node, ways, client, port)
        self.pairs.append(pair)
        self.selector.register(pair.socket, selectors.EVENT_READ, pair.take)

    def start(self):
        for thread in self.threads:
            thread.start()
        self.wait_all()

    def _send(self):
        inlets = selectors.DefaultSelector()
        due = []
        for i, stream in enumerate(self.streams):
            if isinstance(stream, Video):
                inlets.register(stream.inlet, selectors.EVENT_READ, stream.pass_on)
            else:
                heapq.heappush(due, (time.monotonic() + i / self.pps / len(self.streams), i))
        while self.sending:
            for key, _ in inlets.select(min(0.1, max(0, due[0][0] - time.monotonic()))):
                key.data()
            while due[0][0] <= time.monotonic():
                at, i = heapq.heappop(due)
                self.streams[i].send_next()
                # Who was held up does not make up for it in a burst.
                heapq.heappush(due, (max(at, time.monotonic() - 0.1) + 1 / self.pps, i))

    def _receive(self):
        while self.receiving:
            for key, _ in self.selector.select(0.1):
                key.data()

    def affected(self, victim):
        return [pair for pair in self.pairs if pair.needs(victim)]

    def wait_all(self, seconds=15, since=None, pairs=None):
        """Until something that was sent after a moment, now if not given, came to each pair."""
        since = time.monotonic() if since is None else since
        left = list(self.pairs if pairs is None else pairs)

        def came():
            left[:] = [pair for pair in left if not pair.since(since)]
            return not left

        until(came, seconds, lambda: f"datagrams of {[pair.name() for pair in left]}", pause=0.02)

    def stop(self):
        """No more is sent; what is on its way arrives."""
        self.sending = False
        self.threads[0].join()
        for stream in self.streams:
            if isinstance(stream, Video):
                stream.stop()
        try:
            until(lambda: not any(pair.lost(self.outages)[1] for pair in self.pairs), 3, "",
                  pause=0.1)
        except AssertionError:
            pass  # that is what verdict() tells
        self.receiving = False
        self.threads[1].join()

    def verdict(self):
        """What went wrong, as sentences; nothing: an empty list."""
        said = []
        for pair in self.pairs:
            bad = pair.lost(self.outages)[1]
            if bad:
                begin = self.outages[0].down if self.outages else pair.stream.sent[0]
                said.append(f"{pair.name()}: {len(bad)} of {len(pair.stream.sent)} are lost, the "
                            f"first {bad[0]}, at {pair.stream.sent[bad[0]] - begin:.3f} s")
            if pair.twice or pair.wrong:
                said.append(f"{pair.name()}: {pair.twice} came twice, {pair.wrong} not as sent")
        return said

    def close(self):
        self.sending = self.receiving = False
        for thread in self.threads:
            if thread.is_alive():
                thread.join()
        for stream in self.streams:
            if isinstance(stream, Video):
                stream.stop()
            stream.socket.close()
        for pair in self.pairs:
            pair.socket.close()
