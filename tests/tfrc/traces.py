# SPDX-License-Identifier: BSD-3-Clause
"""Random traces for the receiver and the sender of TFRC, each made from its seed alone."""
import math
import random

MS = 1_000_000


def arrivals(seed):
    """A stream with loss, bursts of loss, reordering, marks, pauses, a changing round-trip time and way:
    (small packets, [(now, seq, size, stamp, rtt_us, marked)])."""
    rng = random.Random(seed)
    small = rng.random() < 0.2
    rtt = int(10 ** rng.uniform(3, 5.8))                       # us
    gap = rtt * 1000 / 10 ** rng.uniform(-0.5, 1.5)             # ns between packets
    loss = rng.choice((0, 0.002, 0.01, 0.05, 0.2))
    burst = rng.choice((1, 1, 3, 12, 60))
    swap = rng.choice((0, 0, 0.01, 0.1))
    mark = rng.choice((0, 0, 0.002, 0.05))
    pause = rng.choice((0, 0, 0.005))
    swing = rng.choice((0, 0.02, 0.2))                          # how fast the way here changes
    way, drift, clock = 0.0, 0.0, rng.randrange(2 ** 32)        # us
    unknown = rng.choice((0, 1, 3))                             # packets that carry no estimate
    now, seq, sent = rng.randrange(10 ** 9), rng.choice((0, 1, 4711, 2 ** 40)), []
    lost = 0
    for i in range(rng.choice((60, 300, 700))):
        now += int(rng.expovariate(1 / gap)) + 1
        if rng.random() < pause:
            now += int(rng.uniform(0.5, 12) * rtt * 1000)
        if rng.random() < 0.01:
            rtt = max(500, int(rtt * rng.uniform(0.7, 1.5)))
        if rng.random() < 0.05:
            drift = rng.uniform(-1, 1.2) * swing
        way = min(max(0, way + drift * rtt), 4 * rtt)
        seq += 1
        if lost == 0 and rng.random() < loss / burst and i > 2:
            lost = rng.randint(1, 2 * burst)
        if lost > 0:
            lost -= 1
            continue
        size = rng.randint(60, 200) if small else rng.randint(200, 1400)
        sent.append([seq, size, (now // 1000 - int(way) + clock) % 2 ** 32, 0 if i < unknown else rtt,
                     rng.random() < mark, now])
    # Some arrive later than those behind them.
    for i in range(1, len(sent)):
        if rng.random() < swap:
            j = min(len(sent) - 1, i + rng.randint(1, 5))
            sent.insert(j, sent.pop(i))
    times = sorted(p[-1] for p in sent)
    return small, [(t, *p[:4], int(p[4])) for t, p in zip(times, sent)]


def reports(seed):
    """What a sender lives through: (mss, small packets, events). Each event has its time."""
    rng = random.Random(seed)
    small = rng.random() < 0.2
    mss = rng.choice((300, 1000, 1452, 8900))
    rtt = int(10 ** rng.uniform(6, 8.8))                        # ns
    rate = 10 ** rng.uniform(3, 8)                               # what arrives, bytes/s
    p, seq, events = 0.0, 100, []
    now = rng.randrange(1, 10 ** 9)
    if rng.random() < 0.3:
        events.append(("rtt", now, int(rtt * rng.uniform(0.8, 1.2))))
    quiet = 0
    for i in range(rng.choice((40, 120, 250))):
        now += int(rtt * rng.uniform(0.7, 1.2)) if quiet == 0 else int(rtt * rng.uniform(0.5, 3))
        events.append(("poll", now))
        if rng.random() < 0.85:
            count = rng.randint(1, 40)
            events.append(("send", now, count, rng.randint(40, 200 if small else mss)))
            seq += count
        if rng.random() < rng.choice((0, 0.6, 1)):
            events.append(("all", now))
        quiet = quiet - 1 if quiet > 0 else rng.randint(4, 30) if rng.random() < 0.03 else 0
        if quiet:
            continue
        rtt = max(200_000, int(rtt * rng.uniform(0.95, 1.06)))
        rate = min(1e10, max(100, rate * rng.uniform(0.7, 1.45)))
        if p == 0 and rng.random() < 0.06:
            p = 10 ** rng.uniform(-5, -1)
        elif p > 0:
            p = min(1.0, p * (rng.uniform(1, 2) if rng.random() < 0.3 else rng.uniform(0.9, 1)))
        delay = rng.randrange(rtt)
        units = min(2 ** 32 - 1, math.ceil(p * 2 ** 32))
        arrived = 0 if i == 0 and rng.random() < 0.7 else int(rate)
        overtaken = seq - 50 if rng.random() < 0.02 else seq
        now += 1
        still = 0
        if overtaken == seq and rng.random() < 0.02:
            still = int(10 ** rng.uniform(7, 10.7))                # ns, that a machine stood still
        now += still
        events.append(("feedback", now, rtt + delay + still, delay, units, arrived, overtaken))
    return mss, small, events
