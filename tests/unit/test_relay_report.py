# SPDX-License-Identifier: BSD-3-Clause
"""What bench/relay says of its trials, and how it compares the slices of a soak."""
import argparse
import pathlib
import sys
import types

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import relay
from relay_report import (LOADS, PERCENTILES, Row, Soak, print_drops,
                          print_soak, print_tables, sign_test, verdict)


# Of six coins one falls on all one side in 2 of 64 cases, with one other or fewer in 14.
@pytest.mark.parametrize("more, less, chance", [
    (6, 0, 2 / 64), (0, 6, 2 / 64), (5, 1, 14 / 64), (3, 3, 1.0), (0, 0, 1.0)])
def test_sign_test(more, less, chance):
    assert sign_test(more, less) == pytest.approx(chance)


def trial(lost):
    return {"seconds": 1.0, "wall": 1.0, "waited": 0.0, "stolen": 0.0, "stall_ns": 0, "sent": 90,
            "refused": 10, "lost": lost}


def rows_of(ndr, heard=None):
    """ferryd's and macswap's, of a trial of each kind; ndr: of each run, the two's. heard: frames that came back of
    each, 88 if it is not told."""
    rows = {(64, seat): Row() for seat in ("ferry", "macswap")}
    found = [{seat: argparse.Namespace(lower=rate * 1e6, complete=True) for seat, rate in
              zip(("ferry", "macswap"), rates)} for rates in ndr]
    for (_, seat), row in rows.items():
        result = {**trial(1), "received": (heard or {}).get(seat, 88), "reordered": 2, "stray": 3, "duplicates": 0,
                  "wrong": 0, "too_old": 0, "link_gaps": 5 if seat == "ferry" else 0, "rate": 1e6,
                  "full_bursts": 1, "bursts": 2, **{key: 1.0 for key in PERCENTILES}}
        row.count({**result, "received": 88})
        for bounds in found:
            row.maximum(result)
            row.found(bounds[seat], bounds[seat])
            row.round_trip.append(500)
            for load in LOADS:
                row.latency(load, result)
    return rows


def tables(rows, runs=1):
    options = argparse.Namespace(payloads=[64], seats=["ferry", "macswap"], runs=runs)
    return print_tables(rows, options, {"sent_headers": 70, "ferry_headers": 60})


def test_all_that_is_counted_is_told(capsys):
    rows = rows_of([(1, 1)])
    figures = tables(rows)
    assert (figures["stray"], figures["link_gaps"], figures["reordered"]) == (6, 5, 4)
    out = capsys.readouterr().out
    assert "176 came back right" in out and "6 of an earlier trial; 5 gaps" in out
    assert figures["ratios_left_out"] == 0 and "in no ratio" not in out and verdict(rows) == 0


def test_runs_in_which_one_carried_nothing_are_in_no_ratio(capsys):
    """Whichever of the two."""
    figures = tables(rows_of([(2, 4), (0, 4), (2, 0), (3, 4)]), 4)
    assert figures["ratio_ndr_to_macswap_64"] == figures["ratio_pdr_to_macswap_64"] == 0.625
    assert figures["ratios_left_out"] == 4
    out = capsys.readouterr().out
    assert "NDR of 64 bytes: 2 of 4 runs are in no ratio to testpmd macswap" in out
    assert "ferryd carried nothing in 1 and it in 1" in out


def test_nothing_came_back(capsys):
    rows = rows_of([(1, 1)], {"ferry": 0})
    figures = tables(rows)
    assert "macswap_latency_p99_us_50_64" in figures and "latency_p99_us_50_64" not in figures
    assert verdict(rows) == 1
    assert "nothing came back from ferryd, 64 bytes, in 4 trials" in capsys.readouterr().out


@pytest.mark.parametrize("silent", [2, 20])
def test_a_silent_trial_is_repeated(monkeypatch, silent):
    trials, now = [{"received": 0}] * silent + [{"received": 7}], [0.0]

    def trial_of_a_second(*_):
        now[0] += 1
        return trials.pop(0)

    monkeypatch.setattr(relay, "PATIENCE", 1)
    monkeypatch.setattr(relay, "time", types.SimpleNamespace(monotonic=lambda: now[0]))
    measurement = types.SimpleNamespace(trial=trial_of_a_second, options=types.SimpleNamespace(seconds=1))
    assert relay.Measurement.heard(measurement, "ferry", 64, 0)["received"] == (7 if silent == 2 else 0)
    assert now[0] == (3 if silent == 2 else 4)


class FakeSeat:
    """A process; ferryd's tell what they dropped, but not while they are stopped, and not when they have quit."""
    def __init__(self, drops):
        self.told, self.paused = drops, True

    def resume(self):
        self.paused = False

    def pause(self):
        self.paused = True

    def drops(self):
        assert not self.paused
        return self.told

    def quit(self):
        self.pause()


@pytest.mark.parametrize("last", ["ferry", "macswap"])
def test_drops_of_all_that_had_the_seat(capsys, last):
    """With real ports each takes it for a run."""
    opposite = relay.Opposite.__new__(relay.Opposite)
    opposite.resident, opposite.seats, opposite.active, opposite.dropped = False, {}, None, None
    told = iter([{"ttl": 2, "mtu": 1}, {"ttl": 3}])

    def start(name):
        opposite.seats[name], opposite.active = FakeSeat(next(told) if name == "ferry" else None), name

    opposite._start = start
    for name in ["macswap", "ferry", "macswap", "ferry", "macswap"][:4 + (last == "macswap")]:
        opposite.take_seat(name)
    opposite._ready = lambda _: None
    assert opposite.drops() == {"ttl": 5, "mtu": 1}
    print_drops({})
    print_drops(None)
    told = [line.split(": ")[1] for line in capsys.readouterr().out.splitlines()]
    assert told == ["none", "not asked, it had no seat"]


def test_no_ferryd_was_asked():
    opposite = relay.Opposite.__new__(relay.Opposite)
    opposite.seats, opposite.dropped = {"macswap": FakeSeat(None)}, None
    assert opposite.drops() is None


@pytest.mark.parametrize("words,runs,seconds,payloads", [
    ([], 5, 0.5, [64, 256, 512, 1400]), (["--quick"], 1, 0.02, [64, 1400]),
    (["--seconds", "2", "--quick", "--payloads", "256"], 1, 2, [256]),
    (["--quick", "--runs", "3"], 3, 0.02, [64, 1400])])
def test_quick_leaves_what_is_given(monkeypatch, words, runs, seconds, payloads):
    monkeypatch.setattr(sys, "argv", ["relay", *words])
    monkeypatch.setattr(relay, "check_seats", lambda *_: None)
    options = relay.parse_arguments()
    assert (options.runs, options.seconds, options.payloads) == (runs, seconds, payloads)


def test_pairs(capsys):
    soak = Soak()
    for rate in (100.0, 200.0, 150.0):
        soak.rate(rate)
    for ferry, macswap in ((3, 1), (5, 4), (0, 0), (9, 10)):
        soak.add({"macswap": trial(macswap), "ferry": trial(ferry)})
    figures = print_soak(64, soak)
    assert (figures["soak_pairs_more"], figures["soak_pairs_less"]) == (2, 1)
    assert figures["soak_sign_test"] == 1.0
    assert figures["soak_lost"] == 57 and figures["soak_mpps"] == 150e-6
    out = capsys.readouterr().out
    assert "ferryd lost more in 2, macswap in 1" in out and "left out" not in out


def test_rate_is_found_again():
    soak = Soak()
    assert soak.wants_rate(2)
    soak.rate(100.0)
    soak.add({"ferry": trial(0), "macswap": trial(0)})
    assert not soak.wants_rate(2)
    soak.add({"ferry": trial(0), "macswap": trial(0)})
    assert soak.wants_rate(2)


def test_pair_that_the_generator_did_not_offer(capsys):
    soak = Soak()
    soak.rate(100.0)
    soak.add({"ferry": trial(1), "macswap": trial(1)})
    soak.fell_behind()
    assert len(soak) == 1 and soak.wants_rate(5)
    assert print_soak(64, soak)["soak_pairs_left_out"] == 1
    assert "pairs left out besides: 1," in capsys.readouterr().out
