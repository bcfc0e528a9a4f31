# SPDX-License-Identifier: BSD-3-Clause
"""What the C code makes of datagrams and routes: questions to wire_decode (WIRE_DECODE names it)."""

import atexit
import json
import os
import subprocess

_process = None


def _stop():
    _process.stdin.close()
    status = _process.wait(timeout=30)
    if status != 0:
        raise SystemExit(f"wire_decode ended with status {status}")


def _ask(question):
    global _process
    if _process is None:
        _process = subprocess.Popen(
            [os.environ["WIRE_DECODE"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(_stop)
    _process.stdin.write(json.dumps(question) + "\n")
    _process.stdin.flush()
    answer = _process.stdout.readline()
    assert answer, f"wire_decode ended (status {_process.poll()}) at {question}"
    return json.loads(answer)


def take(receiver, data):
    """The datagram arrives at a node: {"drop": NAME}, or {"decoded": the vectors' form, "sent": what
    the node sent because of it, in hex, "asked_delivery": bool, "unknown_hops": branches dropped}."""
    return _ask({"receiver": receiver, "hex": data.hex()})


def encode(text):
    """(canonical text, RoutingInfo in hex) of a route, None where it is refused."""
    answer = _ask({"text": text})
    return None if "refused" in answer else (answer["text"], answer["hex"])
