# SPDX-License-Identifier: BSD-3-Clause
"""The management protocol as its description says it, and nothing of Ferry's own code: a program
that plays the root, a parent or a child of a node. Standard library alone."""

import itertools
import socket
import ssl
import struct
import time
import xml.etree.ElementTree as ET
from xml.sax.saxutils import quoteattr

from .node import PATIENCE

HELLO = ('<info><name>{name}</name><minaServerAddress host="198.51.100.199" port="14982"/>'
         '<minaClientAddress host="198.51.100.134" port="12054"/><pipelines/></info>')

# All that was sent and received, to be held against the schema.
transcript = []


def now():
    return time.time_ns() // 1_000_000


def message(kind, body="", *, at=None, **header):
    """The text of a message; a header that is None is left out. `from` is written from_."""
    header = {"type": kind, "time": at if at is not None else now(),
              **{key.rstrip("_"): value for key, value in header.items()}}
    attributes = " ".join(
        f"{key}={quoteattr(str(value))}" for key, value in header.items() if value is not None)
    return f"<message {attributes}>{body}</message>"


def frame(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("!I", len(data) + 4) + data


def tls(directory, name, server):
    """Certificates on both sides, 1.3; names are not host names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(directory / "authority.pem")
    if name is not None:
        context.load_cert_chain(directory / f"{name}.pem", directory / f"{name}.key")
    return context


class Closed(Exception):
    """The other end closed the connection, in whichever way."""


class Connection:
    def __init__(self, sock):
        self.sock = sock
        self.ids = itertools.count()
        self.start = f"{now():x}-{id(self):x}"

    def send_bytes(self, data):
        try:
            self.sock.sendall(data)
        except (OSError, ssl.SSLError) as error:
            raise Closed(str(error)) from None

    def send_text(self, text):
        transcript.append(text)
        self.send_bytes(frame(text))
        return text

    def send(self, kind, body="", **header):
        header.setdefault("id", f"{self.start}.{next(self.ids)}")
        return self.send_text(message(kind, body, **header))

    def exactly(self, count, deadline):
        data = b""
        while len(data) < count:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("nothing came")
            self.sock.settimeout(left)
            try:
                part = self.sock.recv(count - len(data))
            except (TimeoutError, ssl.SSLWantReadError):
                raise TimeoutError("nothing came") from None
            except (OSError, ssl.SSLError) as error:
                raise Closed(str(error)) from None
            if not part:
                raise Closed("end")
            data += part
        return data

    def next(self, seconds=5):
        """The next message of any type, as an element."""
        deadline = time.monotonic() + seconds * PATIENCE
        length, = struct.unpack("!I", self.exactly(4, deadline))
        assert 4 < length <= 1048576, length
        text = self.exactly(length - 4, deadline).decode()
        transcript.append(text)
        element = ET.fromstring(text)
        assert element.tag == "message"
        return element

    def expect(self, kind, seconds=5, where=lambda element: True):
        """The next of a type; pings are answered, others are passed over."""
        deadline = time.monotonic() + seconds * PATIENCE
        passed = []
        while time.monotonic() < deadline:
            try:
                element = self.next((deadline - time.monotonic()) / PATIENCE)
            except TimeoutError:
                break
            if element.get("type") == kind and where(element):
                return element
            passed.append(ET.tostring(element).decode())
            if element.get("type") == "ping" and element.get("to") is None:
                self.pong(element)
        raise AssertionError(f"no {kind} came, but {passed}")

    def pong(self, ping):
        self.send("pong", f'<request time="{ping.get("time")}" id="{ping.get("id")}"/>',
                  to=ping.get("from"))

    def expect_error(self, code, seconds=5, request=None):
        error = self.expect("error", seconds)
        assert error.findtext("code") == str(code), ET.tostring(error).decode()
        assert error.findtext("text")
        if request is not None:
            sent = ET.fromstring(request)
            assert error.find("request").get("time") == sent.get("time")
        return error

    def expect_closed(self, seconds=5):
        """It is closed, after whatever was said before."""
        deadline = time.monotonic() + seconds * PATIENCE
        try:
            while True:
                self.next((deadline - time.monotonic()) / PATIENCE)
        except Closed:
            return
        except TimeoutError:
            raise AssertionError("the connection is still open") from None

    def close(self):
        try:
            self.sock.close()
        except OSError:
            pass


class Listener:
    """Takes connections as somebody (a certificate's file name), in TLS or without (context None)."""

    def __init__(self, namespace, address, context):
        with namespace.entered():
            self.sock = socket.create_server(address, reuse_port=False)
        self.context = context
        self.address = self.sock.getsockname()

    def accept(self, seconds=5):
        """The next connection that gets through its handshake, and the name in its certificate."""
        self.sock.settimeout(seconds * PATIENCE)
        raw, _ = self.sock.accept()
        raw.settimeout(seconds * PATIENCE)
        if self.context is None:
            return Connection(raw), None
        wrapped = self.context.wrap_socket(raw, server_side=True)
        names = [value for kind, value in wrapped.getpeercert()["subjectAltName"] if kind == "DNS"]
        assert wrapped.version() == "TLSv1.3"
        return Connection(wrapped), names[0]

    def close(self):
        self.sock.close()


def connect(namespace, address, context=None, seconds=5):
    with namespace.entered():
        raw = socket.create_connection(address, seconds * PATIENCE)
    if context is None:
        return Connection(raw)
    try:
        return Connection(context.wrap_socket(raw, server_hostname=None))
    except (OSError, ssl.SSLError) as error:
        raise Closed(str(error)) from None
