# SPDX-License-Identifier: BSD-3-Clause
"""Routes: their text form, trees of layers, the bytes of a RoutingInfo (WIRE.md, section 5).

    for hop, packet in datagrams("1 > (2, 3)", link={"node": 9}, payload=b"hello"):
        send(IP(dst=...) / UDP(sport=13779, dport=13779) / packet)
"""

import re

from ferry_scapy import NODE_ID_MAX, TREE_MAX_BYTES, TREE_MAX_DEPTH
from ferry_scapy import FerryLink, FerrySession, InnerPathlet, Pathlet

_TOKEN = re.compile(r"[ \t\r\n]*(?:([0-9]+)|([*>(),]))")


class RouteError(ValueError):
    """A route that a source must refuse."""


class _Text:
    """Recursive descent over the grammar of WIRE.md."""

    def __init__(self, text):
        self.tokens = []
        pos, end = 0, len(text.rstrip(" \t\r\n"))
        while pos < end:
            match = _TOKEN.match(text, pos)
            if not match:
                raise RouteError(f"route {text!r}: not understood from {text[pos:]!r}")
            self.tokens.append(match.group(1) or match.group(2))
            pos = match.end()
        self.tokens.append("")

    def peek(self):
        return self.tokens[0]

    def take(self, *wanted):
        if wanted and self.tokens[0] not in wanted:
            raise RouteError(f"route: {self.tokens[0]!r} where one of {wanted} must be")
        return self.tokens.pop(0)

    def tree(self, level):
        if self.peek() != "(":
            return [self.branch(level)]
        self.take("(")
        branches = [self.branch(level)]
        while self.take(",", ")") == ",":
            branches.append(self.branch(level))
        return branches

    def branch(self, level):
        if level > TREE_MAX_DEPTH:
            raise RouteError(f"route: deeper than {TREE_MAX_DEPTH}")
        token = self.take()
        if not token.isdigit() or not 1 <= int(token) <= NODE_ID_MAX:
            raise RouteError(f"route: {token!r} is no NodeID")
        star = self.peek() == "*" and bool(self.take())
        inner = []
        if self.peek() == ">":
            self.take()
            inner = self.tree(level + 1)
        return InnerPathlet(node=int(token), destination=int(star or not inner), inner=inner)


def _check_ways(branches, above):
    ids = [b.node for b in branches]
    if len(set(ids)) != len(ids):
        raise RouteError("route: two equal branches side by side")
    for branch in branches:
        if branch.node in above:
            raise RouteError(f"route: node {branch.node} twice on one way down")
        _check_ways(branch.inner, above | {branch.node})


def tree(text, source=None):
    """Text form -> the RoutingInfo as a list of InnerPathlets; RouteError if a source refuses it."""
    parser = _Text(text)
    branches = parser.tree(1)
    if parser.peek():
        raise RouteError(f"route {text!r}: {parser.peek()!r} after its end")
    _check_ways(branches, {source} if source else set())
    if sum(len(bytes(b)) for b in branches) > TREE_MAX_BYTES:
        raise RouteError(f"route: longer than {TREE_MAX_BYTES} bytes")
    return branches


def text_of(branches):
    """RoutingInfo -> canonical text form."""
    texts = []
    for branch in branches:
        text = str(branch.node)
        if branch.inner:
            text += "*" if branch.destination else ""
            text += " > " + text_of(branch.inner)
        elif not branch.destination:
            text += "!"  # a dead end has no text form; no receiver takes one
        texts.append(text)
    return texts[0] if len(texts) == 1 else "(" + ", ".join(texts) + ")"


def routing_info(text, source=None):
    """Text form -> the bytes that the source holds."""
    return b"".join(bytes(b) for b in tree(text, source))


def own_pathlet(branch):
    """A branch of a tree as the one Pathlet of a datagram."""
    return Pathlet(node=branch.node, destination=branch.destination, inner=branch.inner)


def datagrams(text, link=None, session=None, payload=b""):
    """Every datagram that one packet becomes as it leaves its source: [(next hop, packet)].

    link and session are dictionaries of field values; link may also be a function of the next hop,
    for each link has its own sequence and stamp."""
    packets = []
    for branch in tree(text):
        header = link(branch.node) if callable(link) else (link or {})
        packet = FerryLink(**header) / own_pathlet(branch) / FerrySession(**(session or {}))
        packets.append((branch.node, packet / payload if payload else packet))
    return packets
