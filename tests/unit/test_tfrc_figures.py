#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Which cells the figures of bench/tfrc are of, and what is measured at all."""
import argparse
import pathlib
import sys
import types

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import tfrc
import tfrc_cell


def result(text, share, cov_ratio):
    return types.SimpleNamespace(cell=tfrc.Cell.parse(text), share=share, cov_ratio=cov_ratio)


def test_figures_are_of_cells_beside_one_reno_flow():
    results = [result("50ms,10Mbit,1", 1.0, 0.9), result("50ms,10Mbit,1", 1.2, 0.7), result("50ms,10Mbit,1", 5.0, 0.8),
               result("10ms,10Mbit,1", 0.8, 0.6), result("150ms,10Mbit,1", 1.6, 1.1),
               result("50ms,10Mbit,1,2", 0.2, 0.1), result("50ms,10Mbit,1,2", 0.4, 0.1),
               result("50ms,10Mbit,1,4", 3.0, 0.1), result("50ms,10Mbit,1,1,cubic", 0.7, 9.0)]
    assert tfrc.figures(results) == {
        "tcp_share_min": 0.8, "tcp_share_max": 1.6, "cov_ratio_to_tcp": 0.8, "cov_ratio_to_tcp_max": 1.1,
        "share_beside_2_reno": 0.3, "share_beside_4_reno": 3.0, "cubic_share": 0.7}
    assert tfrc.figures(results[5:7]) == {"share_beside_2_reno": 0.3}


def test_eighteen_cells():
    assert len(set(tfrc.GRID)) == 18 and all(cell.flows == 1 and cell.control == "reno" for cell in tfrc.GRID)


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """Programs, each a file that may be changed; which cells were measured."""
    programs = tmp_path / "ferryd", tmp_path / "ferry-impair"
    for program in programs:
        program.write_text("one", encoding="ascii")
    cells = []

    def measure(cell, *_):
        cells.append(str(cell))
        return tfrc_cell.Result(cell, 5.0, [4.0, 6.0], 1.0, 1.0, 0.01, 0.02, 0.1, 0.2, 0.1, 0.2, 9.0, 90.0,
                                [1396, 1396], {"ferry": [5.0]})

    monkeypatch.setattr(tfrc, "PROGRAMS", programs)
    monkeypatch.setattr(tfrc, "measure", measure)
    return types.SimpleNamespace(cells=cells, programs=programs)


def test_saved_results_are_of_the_same_programs(measured, tmp_path):
    options = argparse.Namespace(save=tmp_path / "saved", keep=None, lead=5, warm_up=15, seconds=60, pacing=None)
    for number in range(2):
        tfrc.run_cells([tfrc.MIDDLE], options)
        tfrc.run_cells([tfrc.MIDDLE], options)
        assert len(measured.cells) == number + 1
        measured.programs[number].write_text("two", encoding="ascii")
    tfrc.run_cells([tfrc.MIDDLE], options)
    assert len(measured.cells) == 3


def options_of(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["tfrc", *words])
    return tfrc.parse_arguments()


def test_quick_leaves_what_is_given(monkeypatch):
    options = options_of(monkeypatch, "--seconds", "9", "--quick", "--runs", "2")
    assert (options.seconds, options.runs, options.lead, options.warm_up) == (9, 2, 1, 3)
    assert len(tfrc.plan(options)) == 2
    options = options_of(monkeypatch)
    assert (options.seconds, options.runs, options.lead, options.seeds) == (60, None, 5, 10)


@pytest.mark.parametrize("words", [("--plots", "x"), ("--seeds", "2")])
def test_options_of_simulations_without_any(monkeypatch, capsys, words):
    assert options_of(monkeypatch, "--sim", "--cell", "50ms,10Mbit,1", *words).sim
    for cells in (("--cell", "50ms,10Mbit,1"), ("--quick",)):
        with pytest.raises(SystemExit) as end:
            options_of(monkeypatch, *cells, *words)
        assert end.value.code == 2 and "virtual time" in capsys.readouterr().err


def test_without_root_nothing_is_thrown_away(monkeypatch, capsys):
    monkeypatch.setattr(tfrc.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(tfrc.tfrc_sim, "measure", lambda _: pytest.fail("simulated"))
    monkeypatch.setattr(sys, "argv", ["tfrc"])
    assert tfrc.main() == 77 and "needs root" in capsys.readouterr().err
