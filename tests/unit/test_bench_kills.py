#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What bench/kills tells when the picture is right late, or never."""
import json
import pathlib
import sys
import types

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import kills


class Network:
    """In place of fifteen nodes: each kill takes so long, None for ever."""
    def __init__(self, seconds):
        self.left = list(seconds)
        self.traffic = types.SimpleNamespace(outages=[types.SimpleNamespace(down=1.0)], stop=lambda: None)

    def start(self):
        pass

    def kill(self, _victim, _dead, limit):
        seconds = self.left.pop(0)
        if seconds is None or seconds > limit:
            raise AssertionError(f"not within {limit} s: nodes")
        return seconds, 0.1

    def finish(self):
        return []

    def counts(self):
        return 10, 9, 1

    def close(self):
        pass


@pytest.mark.parametrize("seconds,right_max,late", [
    ([0.5, 0.7], 0.7, 0), ([0.5, 12.0, 0.7], 12.0, 1), ([0.5, None, 0.7], 0.5, 1), ([None], None, None)])
def test_late_and_never(monkeypatch, capsys, tmp_path, seconds, right_max, late):
    file = tmp_path / "figures.json"
    monkeypatch.setattr(kills, "Stage", lambda: types.SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(kills, "why_not", lambda: None)
    monkeypatch.setattr(kills, "Fifteen", lambda *_, **__: Network(seconds))
    monkeypatch.setattr(sys, "argv", ["kills", "--kills", str(len(seconds)), "--json", str(file)])
    assert kills.main() == (1 if late != 0 else 0)
    out = capsys.readouterr().out
    assert "right: median" in out and ("NEVER: kill" in out) == (None in seconds)
    if right_max is None:
        return
    figures = json.loads(file.read_text(encoding="ascii"))["figures"]
    assert (figures["right_max_s"], figures["late"]) == (right_max, late)
    assert figures["kills"] == (seconds.index(None) if None in seconds else len(seconds))
