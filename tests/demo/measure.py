# SPDX-License-Identifier: BSD-3-Clause
"""What the nodes say of the demo's sessions, brought together."""
import contextlib
from dataclasses import dataclass, field

from sessions import SESSIONS


@dataclass
class End:
    """One destination of one session. Counts are packets, rates bit/s, delays microseconds."""
    session: object
    node: object
    sent: int | None = None
    delivered: int | None = None
    duplicates: int | None = None
    reordered: int | None = None
    rate: float | None = None
    delay: dict | None = None

    @property
    def lost(self):
        if self.sent is None or self.delivered is None:
            return None
        return self.sent - self.delivered


@dataclass
class Snapshot:
    ends: list = field(default_factory=list)
    shares: list | None = None  # of the flows of a session with several, as the destination counted
    states: dict = field(default_factory=dict)  # of file and generator sources
    answers: dict = field(default_factory=dict)  # node: does it answer

    def end(self, session, node):
        return next(end for end in self.ends if end.session is session and end.node is node)


def _by_session(list_of_objects):
    return {item["session"]: item for item in list_of_objects or []}


def _ask(ferryd, what):
    """None: it does not answer."""
    with contextlib.suppress(OSError):
        return ferryd.show(what)


def take(ferryds, previous=None):
    """Asks all nodes. What a node no longer says is taken from the previous snapshot."""
    said = {node: _ask(ferryd, "sessions") for node, ferryd in ferryds.items()}
    snapshot = Snapshot(answers={node: answer is not None for node, answer in said.items()})
    for session in SESSIONS:
        source = (_by_session(said[session.source]).get(session.id) or {}).get("source")
        snapshot.states[session] = source["state"] if source else None
        for node in session.destinations:
            end = End(session, node)
            got = (_by_session(said[node]).get(session.id) or {}).get("destination")
            if source:
                end.sent = source["packets"]
            if got:
                end.delivered = got["packets"]
                end.duplicates = got["duplicates"]
                end.reordered = got["reordered"]
                end.rate = got["bps"]
                end.delay = (got["delay"] or {}).get("raw_us")
            elif previous:
                end = previous.end(session, node)
            snapshot.ends.append(end)
    return snapshot


def split_of(ferryd, session):
    """Packets that the destination received by each flow of a session."""
    flows = _by_session(_ask(ferryd, "flows")).get(session.id) or {}
    return {flow["flow"]: flow["received"] for flow in flows.get("destination") or []}
