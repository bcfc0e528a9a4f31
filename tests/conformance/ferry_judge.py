# SPDX-License-Identifier: BSD-3-Clause
"""What a receiver must make of a datagram: judge() says by which name it must drop it, decode() gives
its fields in the form of the vectors of WIRE.md."""

import struct

from ferry_routes import text_of
from ferry_scapy import (
    CODED, CODING_BYTES, DATA, DECODED, DECODED_BYTES, FEEDBACK, FEEDBACK_BYTES, LINK_BYTES,
    NODE_ID_MAX, PATHLET_BYTES, PROBE, PROBE_BYTES, PROBE_REPLY, RECODED, SESSION_BYTES,
    SPAN_MAX, SYMBOL_HEAD_BYTES, SYSTEMATIC, TREE_MAX_BYTES, TREE_MAX_DEPTH, TYPES, FerryCoding,
    FerryLink,
)

DEPTH_CHECKED_ABOVE = TREE_MAX_DEPTH * PATHLET_BYTES


def _inner_of(data, start, end):
    """Pathlets that lie side by side in data[start:end]: [(length, node, offset)], and whether they
    fill it."""
    found, pos = [], start
    while end - pos >= PATHLET_BYTES:
        length, node = struct.unpack_from("!HI", data, pos)
        if length < PATHLET_BYTES or length > end - pos:
            break
        found.append((length, node & NODE_ID_MAX, pos))
        pos += length
    return found, pos == end


def _depth(data, pos, length):
    """Depth of a Pathlet, itself included; a length that lies hides itself and what follows it in
    the Pathlet that holds it."""
    inner, _ = _inner_of(data, pos + PATHLET_BYTES, pos + length)
    return 1 + max((_depth(data, at, size) for size, _, at in inner), default=0)


def judge_coding(data):
    """The drop reason for what follows the session header of a coded packet, or None."""
    if len(data) < CODING_BYTES:
        return "coding_truncated"
    kind, bits, n = data[0] >> 4, data[0] & 0x0F, data[1]
    if kind > RECODED or bits > 2 or not 1 <= n <= SPAN_MAX:
        return "coding_malformed"
    if kind == SYSTEMATIC:
        return "coding_malformed" if data[2] >= n or bits == 1 and n > 1 else None
    coefficients = data[CODING_BYTES : CODING_BYTES + n] if kind == RECODED else b""
    if kind == RECODED and len(coefficients) < n:
        return "coding_truncated"
    if kind == RECODED and not any(coefficients):
        return "coding_zero"
    if len(data) < CODING_BYTES + len(coefficients) + SYMBOL_HEAD_BYTES:
        return "coding_truncated"
    return None


def judge_pathlet(data, own):
    """The drop reason for what follows the link header of DATA at node own, or None."""
    if len(data) < PATHLET_BYTES:
        return "pathlet_truncated"
    length, node = struct.unpack_from("!HI", data)
    if node & NODE_ID_MAX != own:
        return "pathlet_wrong_node"
    if not PATHLET_BYTES <= length <= TREE_MAX_BYTES:
        return "pathlet_malformed"
    if length + SESSION_BYTES > len(data):
        return "pathlet_truncated"
    inner, filled = _inner_of(data, PATHLET_BYTES, length)
    if not filled:
        return "pathlet_malformed"
    ids = [i[1] for i in inner]
    if 0 in ids or own in ids or len(set(ids)) != len(ids):
        return "pathlet_malformed"
    if not inner and not node > NODE_ID_MAX:
        return "pathlet_dead_end"
    if length > DEPTH_CHECKED_ABOVE and _depth(data, 0, length) > TREE_MAX_DEPTH:
        return "pathlet_too_deep"
    session = length + SESSION_BYTES
    if node > NODE_ID_MAX and data[session - 3] & CODED:
        return judge_coding(data[session:])
    return None


def judge(datagram, own):
    """The drop reason for a UDP payload that arrives at node own, or None.

    Only what the datagram itself shows: who is a peer, epochs, sequences and sessions are state of
    the receiver. The first check that fails names the drop."""
    if len(datagram) < LINK_BYTES:
        return "link_truncated"
    version, kind = datagram[0] >> 4, datagram[0] & 15
    if version != 1:
        return "link_version"
    if kind not in TYPES:
        return "link_type"
    if datagram[1] != 0:
        return "link_flag"
    if not 1 <= int.from_bytes(datagram[4:8], "big") <= NODE_ID_MAX:
        return "link_unknown_peer"
    body = datagram[LINK_BYTES:]
    if kind == FEEDBACK:
        return "feedback_malformed" if len(body) < FEEDBACK_BYTES else None
    if kind in (PROBE, PROBE_REPLY):
        return "probe_malformed" if len(body) != PROBE_BYTES else None
    if kind == DECODED:
        return "decoded_malformed" if len(body) < DECODED_BYTES else None
    return judge_pathlet(body, own)


def _pathlet_fields(pathlet):
    return {
        "length": pathlet.length,
        "destination": bool(pathlet.destination),
        "node": pathlet.node,
        "inner": [_pathlet_fields(p) for p in pathlet.inner],
    }


def _numbers(layer):
    return {f.name: int(layer.getfieldval(f.name)) for f in layer.fields_desc}


def _coding_fields(coding):
    """Fields that this kind has; coefficients also where they are drawn from a seed."""
    names = ["kind", "window", "final", "n"]
    names += [["index", "reserved"], ["seed"], []][coding.kind]
    fields = {name: int(coding.getfieldval(name)) for name in names}
    if coding.kind != SYSTEMATIC:
        fields["coefficients"] = coding.vector().hex()
    if coding.kind == RECODED:
        fields["reserved"] = coding.unused2
    return fields


def decode(datagram):
    """A well-formed UDP payload in the form of the vectors of WIRE.md."""
    link = FerryLink(datagram)
    out = {"link": _numbers(link)}
    body = link.payload
    if link.type == DATA:
        out["route"] = text_of([body])
        out["pathlet"] = _pathlet_fields(body)
        out["session"] = _numbers(body.payload)
        rest = bytes(body.payload.payload)
        if int(body.payload.flags) & CODED and not judge_coding(rest):
            coding = FerryCoding(rest)
            out["coding"] = _coding_fields(coding)
            rest = bytes(coding.payload)
        out["payload"] = rest.hex()
    elif link.type == FEEDBACK:
        out["feedback"] = _numbers(body)
    elif link.type == DECODED:
        out["decoded"] = _numbers(body)
    else:
        out["probe"] = {"cookie": body.cookie.hex()}
    return out
