#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Which cells the figures of bench/tfrc are of."""
import pathlib
import sys
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import tfrc


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
