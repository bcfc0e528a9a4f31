# SPDX-License-Identifier: BSD-3-Clause
"""The C code of TFRC against the model, over random traces, and the equation over a grid.

TFRC_TRACE names the program that runs traces through the C code. A failing trace is told by its
seed: traces.arrivals(seed), traces.reports(seed).
"""
import math
import os
import subprocess

import pytest

import model
import traces
from harness.program import PATIENCE

UNIT = 1 << 16
TRACES = int(os.environ.get("TFRC_TRACES", "1000"))


def run(lines):
    result = subprocess.run([os.environ["TFRC_TRACE"]], input="\n".join(lines) + "\n",
                            capture_output=True, text=True, check=True, timeout=120 * PATIENCE)
    return result.stdout.splitlines()


def near(a, b, share):
    return a == b or abs(a - b) <= share * max(abs(a), abs(b))


# -- the equation


def grid():
    """p from 10^-8 to 1 in steps of 2 %."""
    p = 1e-8
    while p < 1:
        yield p
        p *= 1.02
    yield 1 - 2 ** -32


def test_equation_grid():
    """3.1, 8.1: error below 1 % against double precision for p, s and R."""
    sizes, rtts = (40, 576, 1460, 9000, 65000), (100_000, 1_000_000, 10 ** 8, 6 * 10 ** 8, 10 ** 10)
    cases = [(s, r, max(1, round(p * 2 ** 32))) for p in grid() for s in sizes for r in rtts]
    answers = run([f"rate {s * UNIT} {r} {p}" for s, r, p in cases])
    worst = 0
    for (s, r, p), answer in zip(cases, answers, strict=True):
        wanted = model.throughput(s, r / model.NS, p / 2 ** 32)
        worst = max(worst, abs(int(answer) / UNIT / wanted - 1))
    print(f"equation_error_max {worst:.3e}")
    assert worst < 0.01


def test_equation_inverse():
    """6.3.1: the inverse gives a p whose rate is within 5 % of the wanted one (here 0.1 %)."""
    wanted = [model.f(p) for p in grid()] + [2.0]
    answers = run([f"inverse {int(f * 2 ** 32)}" for f in wanted])
    for f, answer in zip(wanted, answers, strict=True):
        # The greatest p that is not above: one unit of p more is above.
        below, above = int(answer) / 2 ** 32, (int(answer) + 1) / 2 ** 32
        assert model.f(below) <= f * 1.001 and model.f(above) >= f * 0.999


def test_equation_no_loss():
    """4.3: without loss there is no rate of the equation."""
    assert run([f"rate {1460 * UNIT} 1000000 0"]) == [str(2 ** 64 - 1)]


# -- the receiver


def receiver_by_model(small, packets):
    """What the model says of a trace, in the form that the program prints, in numbers."""
    r = model.Receiver(small)
    out = []

    def told(now, report):
        if report is not None:
            out.append((now, report["stamp"], report["delay"] // 1000, report["p"],
                        report["rate"], report["highest"], r.events,
                        r.event[0] if r.event else None, list(r.intervals)))

    for now, seq, size, stamp, rtt, marked in packets + [None_at_end(packets)]:
        while r.timer is not None and r.timer <= now:
            at = r.timer
            report = r.expire(at)
            if report is None:
                out.append((at,))
            told(at, report)
        if seq is not None:
            told(now, r.packet(now, seq, size, stamp, rtt, marked))
    return out


def None_at_end(packets):
    """The trace goes on for a while after its last packet."""
    return (packets[-1][0] + 10 ** 9, None, 0, 0, 0, 0)


def receiver_lines(small, packets):
    return ([f"receiver {int(small)}"] +
            ["packet " + " ".join(map(str, packet)) for packet in packets] +
            [f"timer {packets[-1][0] + 10 ** 9}"])


def read_reports(lines):
    """Per receiver, what it printed."""
    each = []
    for line in lines:
        words = line.split()
        if words[0] == "receiver":
            each.append([])
        elif words[0] == "idle":
            each[-1].append((int(words[1]),))
        else:
            n = [int(word) for word in words[1:9]]
            each[-1].append((n[0], n[1], n[2], n[3] / 2 ** 32, n[4], n[5], n[6], n[7],
                             [int(word) / UNIT for word in words[10:]]))
    return each


@pytest.fixture(scope="module")
def receivers():
    made = [traces.arrivals(seed) for seed in range(TRACES)]
    lines = [line for small, packets in made for line in receiver_lines(small, packets)]
    return list(zip(read_reports(run(lines)),
                    (receiver_by_model(small, packets) for small, packets in made), strict=True))


def pairs(receivers):
    for seed, (ours, theirs) in enumerate(receivers):
        for a, b in zip(ours, theirs):
            if len(a) > 1 and len(b) > 1:
                yield f"arrivals({seed})", a, b


def test_feedback_timer(receivers):
    """6.1 to 6.3: reports, and expirations with nothing to report, at the same nanosecond."""
    for seed, (ours, theirs) in enumerate(receivers):
        assert [(len(a), a[0]) for a in ours] == [(len(b), b[0]) for b in theirs], seed


def test_report_contents(receivers):
    """3.2.2: stamp, delay and highest sequence."""
    for where, a, b in pairs(receivers):
        assert (a[1], a[2], a[5]) == (b[1], b[2], b[5]), where


def test_loss_intervals(receivers):
    """5.1 to 5.3, RFC 4828, 3: the same loss events and intervals; the first one (6.3.1), which is
    not a whole number, within 0.1 %."""
    seen = 0
    for where, a, b in pairs(receivers):
        assert a[6] == b[6] and (b[7] is None or a[7] == b[7]), where
        assert len(a[8]) == len(b[8]), where
        for x, y in zip(a[8], b[8]):
            assert (x == y if float(y).is_integer() else near(x, y, 0.001)), where
        seen = max(seen, len(a[8]))
    assert seen == model.N


def test_loss_event_rate(receivers):
    """5.4, 5.5: p within 0.1 %."""
    for where, a, b in pairs(receivers):
        assert near(a[3], b[3], 0.001), where


def test_receive_rate(receivers):
    """6.2: X_recv, rounded down."""
    for where, a, b in pairs(receivers):
        assert abs(a[4] - b[4]) <= 1 + 1e-9 * b[4], where


def test_traces_reach(receivers):
    """The traces are worth something: enough events, marks, discounts, and quiet ones too."""
    events = [ours[-1][6] if len(ours[-1]) > 1 else
              max((a[6] for a in ours if len(a) > 1), default=0) for ours, _ in receivers]
    assert sum(1 for n in events if n == 0) > TRACES / 20
    assert sum(1 for n in events if n > 8) > TRACES / 10


# -- the sender


def sender_by_model(mss, small, events):
    s = model.Sender(mss, small, 10_000_000)
    out = [("sender", 0, s.x, s.x_inst(), 0, s.s, -1)]
    for name, now, *rest in events:
        if name == "poll":
            if s.timer is None or s.timer > now:
                continue
            s.expire(now)
        elif name == "send":
            s.send(now, *rest)
            continue
        elif name == "all":
            s.all_sent(now)
            continue
        elif name == "rtt":
            s.other_rtt(now, *rest)
        else:
            sent, delay, p, rate, seq = rest
            s.feedback(now, sent, delay, p / 2 ** 32, rate, seq)
        out.append((name, now, s.x, s.x_inst(), s.r or 0, s.s,
                    -1 if s.timer is None else s.timer))
    return out


@pytest.fixture(scope="module")
def senders():
    made = [traces.reports(seed) for seed in range(TRACES)]
    lines = []
    for mss, small, events in made:
        lines.append(f"sender {mss} {int(small)} 10000000 0")
        lines += [" ".join(map(str, event)) for event in events]
    each = []
    for line in run(lines):
        name, *numbers = line.split()
        if name == "sender":
            each.append([])
        now, x, rate, rtt, size, timer = map(int, numbers)
        each[-1].append((name, now, x / UNIT, rate / UNIT, rtt, size / UNIT, timer))
    return list(zip(each, (sender_by_model(*one) for one in made), strict=True))


def test_nofeedback_timer(senders):
    """4.3, 4.4: every expiration in the same step, and the timer set for the same time within
    0.1 % of what it runs."""
    for seed, (ours, theirs) in enumerate(senders):
        assert [a[:2] for a in ours] == [b[:2] for b in theirs], seed
        for a, b in zip(ours, theirs):
            assert (a[6] == -1) == (b[6] == -1), (seed, a, b)
            assert abs(a[6] - b[6]) <= 1000 + 0.001 * max(0, b[6] - b[1]), (seed, a, b)


def test_allowed_rate(senders):
    """4.2 to 4.4, RFC 4828, 3: X within 1 %."""
    for seed, (ours, theirs) in enumerate(senders):
        for a, b in zip(ours, theirs):
            assert near(a[2], b[2], 0.01), (seed, a, b)


def test_instantaneous_rate(senders):
    """4.5, RFC 4828, 3: X_inst within 1 %."""
    for seed, (ours, theirs) in enumerate(senders):
        for a, b in zip(ours, theirs):
            assert near(a[3], b[3], 0.01), (seed, a, b)


def test_round_trip_time(senders):
    """4.3, steps 1 and 2: R within 0.01 %."""
    for seed, (ours, theirs) in enumerate(senders):
        for a, b in zip(ours, theirs):
            assert abs(a[4] - b[4]) <= 100 + 1e-4 * b[4], (seed, a, b)


def test_segment_size(senders):
    """4.1: s within 0.1 %."""
    for seed, (ours, theirs) in enumerate(senders):
        for a, b in zip(ours, theirs):
            assert math.isclose(a[5], b[5], rel_tol=1e-3), (seed, a, b)


def test_sender_traces_reach(senders):
    """The traces are worth something: expirations, slow start and congestion avoidance."""
    names = [[b[0] for b in theirs] for _, theirs in senders]
    assert sum("poll" in n for n in names) > TRACES / 4
