# SPDX-License-Identifier: BSD-3-Clause
"""The vectors and the policy table of dataplane/wire/WIRE.md, read from the document itself."""

import json
import pathlib
import re
from dataclasses import dataclass
from typing import Optional

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "dataplane" / "wire" / "WIRE.md"
_BLOCK = re.compile(r"^```json ferry-vector\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_GENERATION = re.compile(r"^```json ferry-generation\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_POLICY = re.compile(r"^\| ([a-z0-9, -]+) \| `([^`]+)` \| ((?:`[0-9a-f ]+` ?)+) \|$", re.MULTILINE)

_KEYS = {"name", "receiver", "hex", "decoded", "drop", "policy", "text", "copy_of"}


@dataclass(frozen=True)
class Vector:
    """One UDP payload and what is to be made of it: decoded fields, or the name of the drop."""

    name: str
    receiver: int
    data: bytes
    decoded: Optional[dict]
    drop: Optional[str]
    policy: Optional[str]
    text: Optional[str]
    copy_of: Optional[str]


def _vector(block):
    fields = json.loads(block)
    unknown = set(fields) - _KEYS
    if unknown:
        raise ValueError(f"{DOCUMENT}: vector {fields.get('name')!r} has unknown keys {unknown}")
    if ("decoded" in fields) == ("drop" in fields):
        raise ValueError(f"{DOCUMENT}: vector {fields['name']!r} needs either decoded or drop")
    return Vector(
        name=fields["name"],
        receiver=fields["receiver"],
        data=bytes.fromhex("".join(fields["hex"]).replace(" ", "")),
        decoded=fields.get("decoded"),
        drop=fields.get("drop"),
        policy=fields.get("policy"),
        text=fields.get("text"),
        copy_of=fields.get("copy_of"),
    )


def vectors():
    """All vectors, in the order of the document."""
    return [_vector(block) for block in _BLOCK.findall(DOCUMENT.read_text(encoding="utf-8"))]


def generations():
    """Coded packets that together are enough, by name, and the source packets that they give."""
    return [json.loads(b) for b in _GENERATION.findall(DOCUMENT.read_text(encoding="utf-8"))]


def policies():
    """Rows of the policy table: [(policy, text form, [Pathlet as bytes, ...])]."""
    rows = _POLICY.findall(DOCUMENT.read_text(encoding="utf-8"))
    return [
        (name, text, [bytes.fromhex(p.replace(" ", "")) for p in re.findall(r"`([^`]+)`", spans)])
        for name, text, spans in rows
    ]
