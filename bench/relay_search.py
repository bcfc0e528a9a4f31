# SPDX-License-Identifier: BSD-3-Clause
"""Which rate is carried with so much loss at most: a search after MLRsearch
(draft-ietf-bmwg-mlrsearch), bounded in time.

Each goal is a loss ratio. Phases go from short trials and a wide interval to long trials and a
narrow one; each begins where the one before ended, and measures its bounds anew at its own
duration. In a phase with several trials a load is judged by most of them (MLRsearch's exceed ratio
of one half), so that one interruption by the machine does not decide.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Phase:
    duration: float  # seconds of a trial
    width: float  # (upper bound - lower bound) / upper bound at the end
    trials: int = 1  # of a load, an odd number: most of them decide


PHASES = (Phase(0.05, 0.04), Phase(0.1, 0.015), Phase(0.2, 0.005, 3))


@dataclass
class Bounds:
    """lower: carried; upper: not carried, None when even the maximum is."""
    lower: float
    upper: float | None
    complete: bool  # the last phase ended: the interval is as narrow as was wanted


class Search:
    """search.next() -> (rate, seconds) to try, None at the end; then search.tell(loss ratio, and
    the seconds that it took)."""

    def __init__(self, goals, start, maximum, budget, phases=PHASES):
        self.goals = sorted(goals, reverse=True)  # the loosest first: its trials serve the others
        self.maximum = maximum
        self.minimum = maximum / 1000
        self.budget = budget  # seconds that all trials together may take, about
        self.spent = 0.0
        self.losses = {}  # (phase, rate) -> loss ratios of its trials
        self.bounds = {goal: Bounds(0.0, None, False) for goal in self.goals}
        self._steps = self._run(min(start, maximum), phases)
        self._pending = next(self._steps, None)

    def next(self):
        return self._pending

    def tell(self, loss, seconds):
        self.spent += seconds
        try:
            self._pending = self._steps.send(loss)
        except StopIteration:
            self._pending = None
            self._agree()

    def _agree(self):
        """What is carried with less loss is carried with more."""
        for loose, strict in zip(self.goals, self.goals[1:]):
            self.bounds[loose].lower = max(self.bounds[loose].lower, self.bounds[strict].lower)

    def _run(self, start, phases):
        for number, phase in enumerate(phases):
            for goal in self.goals:
                bounds = self.bounds[goal]
                guesses = [rate for rate in (bounds.lower, bounds.upper) if rate] or [start]
                lower, upper = yield from self._narrow(goal, number, phase, guesses)
                if upper is not None or lower >= self.maximum or lower > 0:
                    self.bounds[goal] = Bounds(lower, upper, False)
                if self.spent >= self.budget:
                    return
                self.bounds[goal].complete = phase is phases[-1]

    def _known(self, goal, number, phase):
        """What the phase's trials say: highest carried rate below the lowest that is not."""
        carried, refused = [], []
        for (of, rate), losses in self.losses.items():
            if of != number:
                continue
            over = sum(loss > goal for loss in losses)
            if over > phase.trials // 2:
                refused.append(rate)
            elif len(losses) - over > phase.trials // 2:
                carried.append(rate)
        upper = min(refused, default=None)
        lower = max((rate for rate in carried if upper is None or rate < upper), default=None)
        return lower, upper

    def _narrow(self, goal, number, phase, guesses):
        step = phase.width
        guesses = list(guesses)
        while True:
            lower, upper = self._known(goal, number, phase)
            if self.spent >= self.budget or self._narrow_enough(lower, upper, phase):
                break
            if guesses:
                rate = guesses.pop(0)
            elif lower is None:
                rate = max(upper * (1 - step), self.minimum)
                step *= 2
            elif upper is None:
                rate = min(lower * (1 + step), self.maximum)
                step *= 2
            else:
                rate = (lower + upper) / 2
            yield from self._judge(goal, number, phase, rate)
        if lower is None and upper is None:  # out of time: what the phase before knew
            known = self.bounds[goal]
            return known.lower, known.upper
        return lower or 0.0, upper

    def _narrow_enough(self, lower, upper, phase):
        if lower is None:
            return upper is not None and upper <= self.minimum
        if upper is None:
            return lower >= self.maximum
        return upper - lower <= phase.width * upper

    def _judge(self, goal, number, phase, rate):
        losses = self.losses.setdefault((number, rate), [])
        while self.spent < self.budget:
            over = sum(loss > goal for loss in losses)
            if max(over, len(losses) - over) > phase.trials // 2:
                return
            losses.append((yield rate, phase.duration))
