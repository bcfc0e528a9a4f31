# SPDX-License-Identifier: BSD-3-Clause
"""How bench/relay compares the slices of a soak."""
import argparse
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from relay_report import (LOADS, PERCENTILES, Row, Soak,
                          print_soak, print_tables, sign_test)


# Of six coins one falls on all one side in 2 of 64 cases, with one other or fewer in 14.
@pytest.mark.parametrize("more, less, chance", [
    (6, 0, 2 / 64), (0, 6, 2 / 64), (5, 1, 14 / 64), (3, 3, 1.0), (0, 0, 1.0)])
def test_sign_test(more, less, chance):
    assert sign_test(more, less) == pytest.approx(chance)


def trial(lost):
    return {"seconds": 1.0, "wall": 1.0, "waited": 0.0, "stolen": 0.0, "stall_ns": 0, "sent": 90,
            "refused": 10, "lost": lost}


def test_all_that_is_counted_is_told(capsys):
    """A row of ferryd and one of macswap, of a trial each."""
    rows = {(64, seat): Row() for seat in ("ferry", "macswap")}
    found = argparse.Namespace(lower=1e6, complete=True)
    for (_, seat), row in rows.items():
        result = {**trial(1), "received": 88, "reordered": 2, "stray": 3, "duplicates": 0, "wrong": 0,
                  "too_old": 0, "link_gaps": 5 if seat == "ferry" else 0, "rate": 1e6, "full_bursts": 1,
                  "bursts": 2, **{key: 1.0 for key in PERCENTILES}}
        row.count(result)
        row.maximum(result)
        row.found(found, found)
        row.round_trip.append(500)
        for load in LOADS:
            row.latency(load, result)
    options = argparse.Namespace(payloads=[64], seats=["ferry", "macswap"], runs=1)
    figures = print_tables(rows, options, {"sent_headers": 70, "ferry_headers": 60})
    assert (figures["stray"], figures["link_gaps"], figures["reordered"]) == (6, 5, 4)
    last = capsys.readouterr().out.splitlines()[-1]
    assert "176 came back right" in last and "6 of an earlier trial; 5 gaps" in last


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
