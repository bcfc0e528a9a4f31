#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Ferry between two testpmds: the script that users run, in a short form."""
import json
import os
import pathlib
import re
import subprocess

from harness.program import PATIENCE

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pair(tmp_path, *options):
    return subprocess.run(
        ["/usr/bin/python3", ROOT / "bench" / "pair.py", "--seconds", "1", "--rounds", "1",
         "--json", tmp_path / "figures.json", *options],
        capture_output=True, text=True, timeout=120 * PATIENCE, check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)})


def row(output, name):
    """The packets of a row of the last table, that of Ferry."""
    return int(re.findall(rf"{name} +([\d,]+)", output)[-1].replace(",", ""))


def test_packets_come_through(tmp_path):
    done = pair(tmp_path, "--rate", "50")
    assert done.returncode == 0, done.stdout + done.stderr
    sent, entered = row(done.stdout, "sent by testpmd"), row(done.stdout, "into the session")
    delivered = row(done.stdout, "delivered by Ferry")
    # 50 Mbit/s in packets of 1000 bytes, for a second or so, after a burst of 64 KiB.
    assert 3000 < entered < 30000 and entered < sent
    assert delivered >= 0.99 * entered
    assert row(done.stdout, "received by testpmd") >= delivered
    policed = int(re.search(r"([\d,]+) session_policed", done.stdout)[1].replace(",", ""))
    assert entered + policed == sent
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="ascii"))
    assert figures["benchmark"] == "pair" and figures["figures"]["ferry_mpps"] > 0


def test_nothing_comes_through(tmp_path):
    """Payloads that no link carries: each is dropped by name, and the script says that it failed."""
    done = pair(tmp_path, "--size", "1450")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "nothing came through" in done.stderr
    sent = row(done.stdout, "sent by testpmd")
    assert f"dropped by the source: {sent:,} session_oversize" in done.stdout
    assert row(done.stdout, "delivered by Ferry") == 0
