# SPDX-License-Identifier: BSD-3-Clause
"""How bench/relay compares the slices of a soak."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from relay_report import Soak, print_soak, sign_test  # noqa: E402  pylint: disable=wrong-import-position


# Of six coins one falls on all one side in 2 of 64 cases, with one other or fewer in 14.
@pytest.mark.parametrize("more, less, chance", [
    (6, 0, 2 / 64), (0, 6, 2 / 64), (5, 1, 14 / 64), (3, 3, 1.0), (0, 0, 1.0)])
def test_sign_test(more, less, chance):
    assert sign_test(more, less) == pytest.approx(chance)


def test_pairs(capsys):
    soaks = {"ferry": Soak(), "macswap": Soak()}
    for seat, losses in (("ferry", (3, 5, 0, 9)), ("macswap", (1, 4, 0, 10))):
        for lost in losses:
            soaks[seat].add({"seconds": 1.0, "wall": 1.0, "waited": 0.0, "stolen": 0.0, "stall_ns": 0,
                             "sent": 90, "refused": 10, "lost": lost})
    figures = print_soak(64, [100.0, 200.0, 150.0], soaks)
    assert (figures["soak_pairs_more"], figures["soak_pairs_less"]) == (2, 1)
    assert figures["soak_sign_test"] == 1.0
    assert figures["soak_lost"] == 57 and figures["soak_mpps"] == 150e-6
    assert "ferryd lost more in 2, macswap in 1" in capsys.readouterr().out
