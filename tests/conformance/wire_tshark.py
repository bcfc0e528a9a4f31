# SPDX-License-Identifier: BSD-3-Clause
"""UDP payloads through tshark with Ferry's dissector, and back as the vectors' decoded form."""

import json
import os
import pathlib
import subprocess

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import wrpcap

DISSECTOR = pathlib.Path(__file__).resolve().parents[2] / "dataplane" / "wire" / "ferry.lua"
OUTER = {
    "IPv4": lambda: IP(src="192.0.2.1", dst="192.0.2.2"),
    "IPv6": lambda: IPv6(src="2001:db8::1", dst="2001:db8::2"),
}


def frame(payload, family, port=13779):
    """An Ethernet frame around a UDP payload."""
    ether = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
    return ether / OUTER[family]() / UDP(sport=port, dport=port) / Raw(payload)


def _run(directory, frames, *args):
    capture = pathlib.Path(directory) / "frames.pcap"
    wrpcap(str(capture), frames)
    # A configuration directory of its own: no user's preferences, no user's plugins.
    environment = dict(os.environ, WIRESHARK_CONFIG_DIR=str(directory))
    command = ["tshark", "-X", f"lua_script:{DISSECTOR}", "-r", str(capture), *args]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Lua" not in done.stderr, done.stderr
    return done.stdout


def fields(directory, frames, *names, options=()):
    """The named fields of each frame, each a string, '' where it is not there."""
    chosen = [arg for name in names for arg in ("-e", name)]
    out = _run(directory, frames, *options, "-T", "fields", "-E", "separator=;", *chosen)
    return [tuple(line.split(";")) for line in out.split("\n")[:-1]]


def dissect(directory, frames):
    """What the dissector makes of each frame, in the form of the vectors; with "drop" if it says so."""
    out = _run(directory, frames, "-T", "json", "-J", "ferry")
    assert "Lua Error" not in out and "_ws.lua.error" not in out, out
    # Keys repeat (Pathlets side by side), so objects are kept as lists of pairs.
    packets = json.loads(out, object_pairs_hook=list)
    return [_decoded(_get(dict(packet)["_source"], "layers")) for packet in packets]


def _get(pairs, key):
    return next((value for name, value in pairs if name == key), None)


def _numbers(pairs):
    """Plain fields of a header; named bits of a flags field lie one name deeper and are left out."""
    return {
        name.split(".")[2]: int(value, 0) for name, value in pairs if len(name.split(".")) == 3
    }


def _pathlet(pairs):
    return {
        "length": int(_get(pairs, "ferry.pathlet.length")),
        "destination": _get(pairs, "ferry.pathlet.destination") == "1",
        "node": int(_get(pairs, "ferry.pathlet.node")),
        "inner": [_pathlet(value) for name, value in pairs if name == "ferry.pathlet"],
    }


def _coding(pairs):
    coefficients = _get(pairs, "ferry.coding.coefficients")
    out = _numbers([(name, value) for name, value in pairs if not name.endswith("coefficients")])
    if coefficients is not None:
        out["coefficients"] = coefficients.replace(":", "")
    return out


def _decoded(layers):
    pairs = _get(layers, "ferry")
    assert pairs is not None, f"not dissected as Ferry: {layers}"
    out = {}
    for name in ("link", "session", "feedback", "decoded"):
        if _get(pairs, f"ferry.{name}") is not None:
            out[name] = _numbers(_get(pairs, f"ferry.{name}"))
    if _get(pairs, "ferry.pathlet") is not None:
        out["pathlet"] = _pathlet(_get(pairs, "ferry.pathlet"))
        out["route"] = _get(pairs, "ferry.route")
    if _get(pairs, "ferry.coding") is not None:
        out["coding"] = _coding(_get(pairs, "ferry.coding"))
    if "session" in out:
        out["payload"] = (_get(pairs, "ferry.payload") or "").replace(":", "")
    if _get(pairs, "ferry.probe") is not None:
        cookie = _get(_get(pairs, "ferry.probe"), "ferry.probe.cookie")
        out["probe"] = {"cookie": cookie.replace(":", "")}
    if _get(pairs, "ferry.drop") is not None:
        out["drop"] = _get(pairs, "ferry.drop")
    return out
