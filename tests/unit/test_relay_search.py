# SPDX-License-Identifier: BSD-3-Clause
"""The search of bench/relay against devices whose capacity is known."""
import pathlib
import random
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from relay_search import PHASES, Search

GOALS = (0.0, 0.005)
PRECISION = PHASES[-1].width


def run(loss, start, maximum, budget=1000.0):
    search = Search(GOALS, start, maximum, budget)
    trials = 0
    while search.next():
        rate, seconds = search.next()
        assert 0 < rate <= maximum
        search.tell(loss(rate), seconds)
        trials += 1
    return search.bounds, trials


@pytest.mark.parametrize("start", (0.1, 0.5, 0.97, 1.0, 3.0))
@pytest.mark.parametrize("capacity", (3e3, 1e6, 7.7e6))
def test_finds_the_capacity(capacity, start):
    bounds, trials = run(lambda rate: max(0.0, 1 - capacity / rate), start * capacity, 4 * capacity)
    for goal in GOALS:
        edge = capacity / (1 - goal)
        assert bounds[goal].complete
        assert bounds[goal].lower <= edge * 1.000001
        assert bounds[goal].upper >= edge * 0.999999
        assert (bounds[goal].upper - bounds[goal].lower) <= PRECISION * bounds[goal].upper * 1.000001
    assert trials < 100


def test_interruptions_do_not_decide():
    """One trial of ten loses 2 %, whatever the rate."""
    rng = random.Random(1)
    found = []
    for _ in range(50):
        bounds, _ = run(lambda rate: max(0.0, 1 - 1e6 / rate) + 0.02 * (rng.random() < 0.1),
                        0.97e6, 1.25e6)
        found.append(bounds[0.0].lower)
    assert sum(abs(rate - 1e6) < 0.02e6 for rate in found) >= 45
    assert max(found) <= 1e6


def test_more_than_the_maximum():
    bounds, trials = run(lambda rate: 0.0, 0.8e6, 1e6)
    for goal in GOALS:
        assert bounds[goal].lower == 1e6 and bounds[goal].upper is None and bounds[goal].complete
    assert trials < 20


def test_carries_nothing():
    bounds, trials = run(lambda rate: 1.0, 0.8e6, 1e6)
    for goal in GOALS:
        assert bounds[goal].lower == 0
    assert trials < 100


def test_ends_when_the_time_is_over():
    bounds, trials = run(lambda rate: max(0.0, 1 - 1e6 / rate), 0.5e6, 4e6, budget=0.3)
    assert trials <= 6
    assert not bounds[0.0].complete
    assert bounds[0.0].lower <= 1e6


def test_loosest_goal_is_never_below_the_strictest():
    rng = random.Random(2)
    for _ in range(100):
        bounds, _ = run(lambda rate: rng.choice((0.0, 0.001, 0.01, 1.0)), 1e6, 2e6, budget=2.0)
        assert bounds[0.005].lower >= bounds[0.0].lower
