#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What bench/destination says where a run delivered nothing."""
import argparse
import contextlib
import pathlib
import sys
import types

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import destination


def trial(rate):
    return {"rate": rate, "idle_cycles": 10, "cycles": 100, "stall_cycles": 0, "frames": rate, "sources": rate,
            "received": rate, "lost": 0, "wrong": 0, "duplicates": 0, "too_old": 0, "waited": 0.0, "wall": 1.0}


def opposite(_):
    return contextlib.nullcontext(types.SimpleNamespace(
        generator=types.SimpleNamespace(about={"tsc_hz": 2e9, "burst": 32}),
        seat=types.SimpleNamespace(drops=lambda: {"no_next_hop": 9})))


@pytest.mark.parametrize("rates", [{}, {"plain": 0}, {"loss5": 0}, {"plain": 0, "loss0": 0, "loss5": 0}])
def test_nothing_delivered(monkeypatch, capsys, tmp_path, rates):
    rows = {("udp", kind): destination.Row() for kind in destination.KINDS}
    for (_, kind), row in rows.items():
        for rate in (1000, rates.get(kind, 1000)):
            row.run([trial(rate)])
    file = tmp_path / "figures.json"
    options = argparse.Namespace(json=file, seat=None, generator=None, egresses=("udp",), runs=2, cpus=[0, 1],
                                 commit="x", control="float", huge=False)
    monkeypatch.setattr(destination, "parse_arguments", lambda: options)
    monkeypatch.setattr(destination, "opposite_in", opposite)
    monkeypatch.setattr(destination, "measure", lambda *_: (rows, [500, 500]))
    assert destination.main() == (1 if rates else 0)
    out = capsys.readouterr().out
    assert "9 no_next_hop" in out and file.exists() == (not rates)
    for kind in destination.KINDS:
        assert (f"nothing was delivered (udp, {kind})" in out) == (kind in rates)
