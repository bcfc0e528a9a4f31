# SPDX-License-Identifier: BSD-3-Clause
"""Nodes as the root program sees them, played by hand over plain TCP: written from the protocol's
words alone. One connection may speak for several: a node and those below it."""

import itertools
import queue
import socket
import struct
import threading
import time
import xml.etree.ElementTree as ElementTree

from .node import PATIENCE, until


class Message:
    """One that came. body: the element below <message>."""

    def __init__(self, text):
        element = ElementTree.fromstring(text)
        self.attributes = dict(element.attrib)
        self.type = element.get("type")
        self.to, self.sender = element.get("to", ""), element.get("from", "")
        self.id, self.time = element.get("id"), element.get("time")
        self.body = element

    def __repr__(self):
        return ElementTree.tostring(self.body, encoding="unicode")

    def pipeline(self):
        return self.body.find("pipeline")

    def flows(self):
        return [(int(flow.get("id")), int(flow.get("weight")), flow.get("path"))
                for flow in self.pipeline().findall("flow")]


class FakeNode:
    """Connects, says hello, and answers every stream request until told not to."""

    numbers = itertools.count(1)

    def __init__(self, name, port, streams=(), connect=True, server=("127.0.0.1", 14000),
                 host="127.0.0.1"):
        self.name, self.port, self.server, self.host = name, port, server, host
        self.streams = {stream: "defined" for stream in streams}
        self.answering = True  # or a text: refuses with that
        self.log = []  # all that came, with the time
        self.inbox = queue.Queue()
        self.below = {}  # name -> FakeNode that speaks through us
        self.parent = None
        self.socket = None
        if connect:
            self.connect()

    # --- the connection ----------------------------------------------------------------------

    def connect(self):
        self.socket = until(self._try, 10, f"{self.name} connects to the root", pause=0.05)
        threading.Thread(target=self._receive, args=(self.socket,), daemon=True).start()
        self.hello()
        for child in self.below.values():
            child.hello()
        if self.below:
            self.update()

    def _try(self):
        try:
            connection = socket.create_connection(("127.0.0.1", self.port), 5, (self.host, 0))
            connection.settimeout(None)
            return connection
        except OSError:
            return None

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def die(self):
        """As a node that is killed: what it carried is forgotten."""
        self.streams = {}
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.close()

    def _receive(self, connection):
        try:
            while True:
                head = self._exactly(connection, 4)
                text = self._exactly(connection, struct.unpack("!I", head)[0] - 4)
                message = Message(text)
                target = self.below.get(message.to, self)
                target._take(message)
        except (OSError, EOFError):
            pass

    @staticmethod
    def _exactly(connection, size):
        data = b""
        while len(data) < size:
            part = connection.recv(size - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def child(self, name, **kwargs):
        """A node below this one, that speaks through it."""
        child = FakeNode(name, self.port, connect=False, **kwargs)
        child.parent = self
        self.below[name] = child
        self.update()
        child.hello()
        return child

    # --- what is said ------------------------------------------------------------------------

    def send(self, kind, body="", to="^", **attributes):
        top = self if self.parent is None else self.parent
        sender = "" if self.parent is None else f' from="{self.name}"'
        to = f' to="{to}"' if to else ""
        extra = "".join(f' {key}="{value}"' for key, value in attributes.items())
        text = (f'<message type="{kind}" time="{int(time.time() * 1000)}"{to}{sender} '
                f'id="{self.name}-{next(self.numbers)}"{extra}>{body}</message>').encode()
        top.socket.sendall(struct.pack("!I", len(text) + 4) + text)

    def hello(self):
        host, port = self.server
        streams = "".join(f"<pipeline>{stream}</pipeline>" for stream in self.streams)
        self.send("hello", f'<info><name>{self.name}</name><minaServerAddress host="{host}" '
                  f'port="{port}"/><minaClientAddress host="{host}" port="1"/>'
                  f"<pipelines>{streams}</pipelines></info>")

    def update(self):
        below = "".join(f'<child name="{name}"/>' for name in self.below)
        self.send("childsupdate", f"<numOfDescendants>{len(self.below)}</numOfDescendants>"
                  f"<children>{below}</children>", to="")

    def _take(self, message):
        self.log.append((time.monotonic(), message))
        if message.type in ("pipedef", "routepipeline", "playpipeline", "stoppipeline",
                            "removepipeline"):
            self.answer(message)
        elif message.type == "ping":
            self.send("pong", f'<request time="{message.time}"/>', to="")
            return
        self.inbox.put(message)

    def answer(self, message):
        pipeline = message.pipeline()
        conference, session = pipeline.get("conference"), pipeline.get("session")
        stream = int(conference) << 32 | int(session)
        request = f'<request time="{message.time}" type="{message.type}" id="{message.id}"/>'
        if self.answering is not True:
            if self.answering:
                self.send("error", f"<code>500</code><text>{self.answering}</text>{request}")
            return
        state = {"playpipeline": "playing", "stoppipeline": "stopped"}.get(message.type)
        if message.type == "removepipeline":
            self.streams.pop(stream, None)
            self.send("pipedefinfo", request)
            return
        if state is None:
            state = "playing" if pipeline.findtext("play") == "true" else \
                self.streams.get(stream, "defined")
        self.streams[stream] = state
        self.send("pipedefinfo", f'{request}<pipeline conference="{conference}" '
                  f'session="{session}"><state>{state}</state></pipeline>')

    # --- what came ---------------------------------------------------------------------------

    def wait(self, *kinds, seconds=5):
        """The next message of one of these types; others are passed over."""
        end = time.monotonic() + seconds * PATIENCE
        while True:
            left = end - time.monotonic()
            try:
                message = self.inbox.get(timeout=max(left, 0.001))
            except queue.Empty:
                raise AssertionError(
                    f"{self.name} got no {kinds} within {seconds} s, but {self.log}") from None
            if message.type in kinds:
                return message

    def told(self, kind):
        """When messages of a type came."""
        return [when for when, message in self.log if message.type == kind]
