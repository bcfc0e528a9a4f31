# SPDX-License-Identifier: BSD-3-Clause
"""TFRC's receiver and sender as RFC 5348 tells them, in plain Python and floating point.

An oracle: it shares nothing with the C code but the RFC, RFC 4828 for small packets, and those
choices that the RFC leaves open, which dataplane/tfrc/TFRC.md lists under "Choices" (the numbers there
are named here). Data structures are the plainest that do: lists of everything that happened.
Times are seconds as floats, except arrivals, which stay integers of nanoseconds until divided.
"""
import math

NDUPACK = 3           # 5.1
N = 8                 # 5.4
THRESHOLD = 0.25      # 5.5
T_MBI = 64.0          # 4.3
INFINITY = math.inf
NS = 1_000_000_000
RTT_MIN = 100_000     # choice 1, ns
RTT_UNKNOWN = 10_000_000  # choice 2, ns
RTT_GROWTH = 3        # choice 20
RTT_JUMP = 50_000_000  # choice 20, ns


def f(p):
    """8.1."""
    return math.sqrt(2 * p / 3) + 12 * math.sqrt(3 * p / 8) * p * (1 + 32 * p * p)


def throughput(s, r, p):
    """3.1 with t_RTO = 4R, b = 1."""
    return s / (r * f(p))


def inverse(wanted):
    """The p of which f(p) is wanted (6.3.1), by bisection."""
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        if f(middle) <= wanted:
            low = middle
        else:
            high = middle
    return low


def weight(i):
    """5.4."""
    return 1.0 if i < N / 2 else 2.0 * (N - i) / (N + 2)


class Receiver:
    """Sections 5 and 6."""

    def __init__(self, small_packets):
        self.small_packets = small_packets
        self.first = None          # first sequence that came
        self.highest = None        # S_C
        self.last = None           # (seq, time, stamp) of the last packet to arrive
        self.rtt_us = 0            # of the packet with the highest sequence
        self.missing = {}          # seq -> [before, after, higher arrivals]
        self.event = None          # S_A, T_A of the open interval
        self.losses = 0            # K of RFC 4828, 4.4
        self.intervals = []        # I_1 ... I_n
        self.df_i = []             # DF_1 ... DF_n
        self.df = 1.0
        self.events = 0
        self.p = 0.0
        self.x_recv = 0.0
        self.x_max = 0.0
        self.packets = self.bytes = 0
        self.packets_reported = self.bytes_reported = 0
        self.expirations = []      # (time, bytes) of the feedback timer
        self.reports = 0
        self.timer = None          # None: the next packet is reported at once
        self.timer_rtt = 0         # R_(m-1), ns; 0 = none was known
        self.trips = []            # choice 17: per report (time, way, rest of the trip)
        self.way_mean = self.way_last = None
        self.event_rtt = 0         # R of 5.2, ns

    def known_rtt(self):
        return max(self.rtt_us * 1000, RTT_MIN) if self.rtt_us else 0

    def rtt(self):
        return self.known_rtt() or RTT_UNKNOWN

    def way(self, now, stamp):
        """Choice 17: how long a packet was under way, us, but for the difference of the clocks."""
        last = self.way_last or 0
        return last + (now // 1000 - stamp - last + 2 ** 31) % 2 ** 32 - 2 ** 31

    def note_trip(self, now):
        """Choice 17: a report leaves. The sender's estimate will rest on the way of the packet that it
        echoes, or on the mean of those, smoothed as R is (4.3); the packets' estimate of now, on that
        of the last report that is as old."""
        way = self.way(self.last[1], self.last[2])
        old = [w for at, w, _ in self.trips[-8:] if now - at >= self.rtt_us * 1000]
        rest = self.rtt_us - old[-1] if old and self.rtt_us else None
        self.way_mean = way if self.way_mean is None else 0.9 * self.way_mean + 0.1 * way
        self.way_last = way
        self.trips.append((now, max(way, self.way_mean), rest))

    def trip(self, now, stamp):
        """Choice 17: R of 5.2, ns."""
        told = self.rtt_us * 1000
        rests = [rest for _, _, rest in self.trips[-8:] if rest is not None]
        if not told or not rests:
            return self.rtt()
        is_ = (max(rests) + self.way(now, stamp)) * 1000 * 17 / 16
        return max(self.rtt(), min(is_, 3 * told))

    def interval_0(self):
        """5.3."""
        return self.highest - self.event[0] + 1

    def mean_closed(self):
        """The weighted average of I_1 ... I_n (5.5)."""
        w = [weight(i) * self.df_i[i] for i in range(len(self.intervals))]
        return sum(a * b for a, b in zip(w, self.intervals)) / sum(w)

    def update_df(self):
        """5.5, on each packet."""
        self.df = 1.0
        if self.event is not None:
            twice = 2 * self.mean_closed()
            if self.interval_0() > twice:
                self.df = max(twice / self.interval_0(), THRESHOLD)

    def short(self, end):
        """RFC 4828, 3: at most two round-trip times."""
        return self.small_packets and end - self.event[1] <= 2 * self.rtt()

    def new_event(self, seq, time):
        """5.2, 5.5; the first one 6.3.1."""
        if self.event is None:
            size = self.first_interval()
        else:
            size = seq - self.event[0]
            if self.short(time) and self.losses > 1:
                size /= self.losses
        self.df_i = ([1.0] + [d * self.df for d in self.df_i])[:N]
        self.intervals = ([size] + self.intervals)[:N]
        self.df = 1.0
        self.event = (seq, time)
        self.losses = 0
        self.events += 1

    def first_interval(self):
        """6.3.1: the interval of which the equation gives X_target, at least half a packet a
        round-trip time."""
        wanted = 2.0
        if self.x_max > 0 and self.rtt_us:
            s = self.bytes / self.packets
            wanted = min(wanted, s / (self.known_rtt() / NS * self.x_max))
        return 1 / inverse(wanted)

    def congestion(self, seq, time):
        """A packet lost or marked, at its (nominal) arrival time (5.2)."""
        if self.event is None or self.event[1] + self.event_rtt < time:
            self.new_event(seq, time)
        self.losses += 1

    def judge(self, seqs):
        for seq in sorted(seqs):
            (s0, t0), (s1, t1), _ = self.missing.pop(seq)
            self.congestion(seq, t0 + (t1 - t0) * (seq - s0) / (s1 - s0))

    def rate(self, now):
        """p (5.5; RFC 4828, 3)."""
        if self.event is None:
            return 0.0
        k = len(self.intervals)
        w1 = [weight(i) * self.df_i[i] for i in range(k)]
        tot1 = sum(a * b for a, b in zip(w1, self.intervals))
        p = sum(w1) / tot1
        if not self.short(now):
            w0 = [weight(i) * self.df_i[i - 1] * self.df for i in range(1, k)]
            tot0 = self.interval_0() + sum(a * b for a, b in zip(w0, self.intervals))
            p = min(p, (1.0 + sum(w0)) / tot0)
        return p

    def packet(self, now, seq, size, stamp, rtt_us, marked):
        """6.1. Returns the report that is due, or None."""
        self.packets += 1
        self.bytes += size
        events = self.events
        if self.first is None:
            self.first = self.highest = seq
            self.rtt_us = rtt_us
            self.event_rtt = self.rtt()
        else:
            if seq > self.highest:
                for lost in range(self.highest + 1, seq):
                    self.missing[lost] = [self.last[:2], (seq, now), 0]
                self.highest = seq
                self.rtt_us = rtt_us
            else:
                self.missing.pop(seq, None)
            for lost in self.missing:
                if lost < seq:
                    self.missing[lost][2] += 1
            self.update_df()
            late = seq < self.highest
            self.event_rtt = self.rtt() if late else self.trip(now, stamp)
            self.judge([lost for lost, m in self.missing.items() if m[2] >= NDUPACK])
        if marked:
            self.judge([lost for lost in self.missing if lost < seq])
            at = max(seq, self.highest)      # choice 3
            if self.event is not None and at <= self.event[0]:
                self.losses += 1
            else:
                self.congestion(at, now)
        self.last = (seq, now, stamp)
        if self.timer is None:
            return self.report(now)
        if self.events != events:
            before, self.p = self.p, self.rate(now)
            if self.p > before * (1 + 1e-9):           # equal sums, in another order
                return self.report(now)
        return None

    def expire(self, now):
        """6.2."""
        if self.packets == self.packets_reported:
            self.timer = None
            return None
        return self.report(now)

    def receive_rate(self, now):
        """6.2, step 2, with its MAY: back to an expiration at least R_(m-1) ago."""
        rtt = self.timer_rtt or self.known_rtt()
        if self.reports == 0 or not rtt:
            return 0.0
        if self.timer is None and self.timer_rtt:      # choice 4
            self.expirations.append((now - rtt, self.bytes_reported))
        kept = self.expirations[-8:]                   # choice 5
        old = [e for e in kept if now - e[0] >= rtt] or kept[:1]
        at, count = old[-1]
        return (self.bytes - count) * NS / max(now - at, rtt)

    def report(self, now):
        self.p = self.rate(now)
        self.x_recv = self.receive_rate(now)
        self.x_max = max(self.x_max, self.x_recv)
        self.expirations.append((now, self.bytes))
        self.note_trip(now)
        self.packets_reported, self.bytes_reported = self.packets, self.bytes
        self.reports += 1
        known, most = self.known_rtt(), 2 * self.timer_rtt
        self.timer_rtt = min(known, most) if most else known      # choice 19
        self.timer = now + (self.timer_rtt or RTT_UNKNOWN)
        return {"stamp": self.last[2], "delay": now - self.last[1], "p": self.p,
                "rate": self.x_recv, "highest": self.highest}


class Sender:
    """Section 4. Times are integers of nanoseconds, rates bytes a second."""

    def __init__(self, mss, small_packets, min_interval, timer_min=0):
        self.mss = mss
        self.small_packets = small_packets
        self.min_interval = min_interval / NS
        self.timer_min = timer_min
        self.s = float(mss)
        self.s_known = False
        self.x = float(mss)              # 4.2: one packet a second
        self.x_bps = None
        self.r = None
        self.r_sample = None
        self.r_sqmean = None
        self.p = 0.0
        self.tld = 0
        self.feedback_seen = False
        self.x_recv_set = [(INFINITY, 0)]
        self.packets = self.bytes = 0
        self.s_packets = self.s_bytes = 0
        self.timer = None
        self.timer_packets = 0
        self.not_limited1 = self.not_limited2 = self.t_new = self.t_next = 0
        self.seq_reported = -1

    def size(self):
        """s of the equation; RFC 4828, 3."""
        return float(min(self.mss, 1460)) if self.small_packets else self.s

    def initial_rate(self):
        """4.2."""
        return min(4 * self.mss, max(2 * self.mss, 4380)) * NS / self.r

    def least(self):
        return self.size() / T_MBI

    def x_inst(self):
        """4.5; RFC 4828, 3."""
        x = self.x
        if self.r_sqmean is not None:
            x = max(x * self.r_sqmean / math.sqrt(self.r_sample), self.least())
        if self.small_packets:
            x = min(x * self.s / (self.s + 40), self.s / self.min_interval)
        return x

    def rto(self):
        """4.3, step 3."""
        return max(4 * (self.r or 0), 2 * self.size() / self.x * NS, self.timer_min)

    def update_size(self):
        """4.1; choice 6."""
        n = self.packets - self.s_packets
        if n == 0:
            return
        mean = (self.bytes - self.s_bytes) / n
        over = max(256, 4 / self.p if self.p > 0 else 0)
        if not self.s_known or n >= over:
            self.s = mean
        else:
            self.s += (mean - self.s) * n / over
        self.s_known = True
        self.s_packets, self.s_bytes = self.packets, self.bytes

    def send(self, now, count, size):
        if self.timer is None:                         # 4.2; choice 7
            self.timer_packets = self.packets
            first = self.r is None and self.x >= self.s
            self.timer = now + (2 * NS if first else self.rto())
        self.packets += count
        self.bytes += count * size

    def all_sent(self, now):
        """8.2.1."""
        if self.not_limited1 <= self.t_new:
            self.not_limited1 = now
        elif self.not_limited2 <= self.t_next:
            self.not_limited2 = now

    def first_rtt(self, now):
        """4.2."""
        self.x = self.initial_rate()
        self.tld = now
        self.x_recv_set = [(INFINITY, now)]            # choice 8

    def other_rtt(self, now, sample):
        """4.2: a measurement that does not come from feedback."""
        if self.feedback_seen:
            return
        first = self.r is None
        self.r = max(sample, RTT_MIN)
        if first:
            self.first_rtt(now)

    def data_limited(self, now, sent, x_recv):
        """8.2.1, and 4.3 on the first report."""
        t_new = max(now - sent, 0)
        t_old = max(t_new - self.r, 0)
        free = (t_old < self.not_limited1 <= t_new) or (t_old < self.not_limited2 <= t_new)
        self.t_new, self.t_next = t_new, now
        if self.not_limited1 <= t_new < self.not_limited2:
            self.not_limited1 = self.not_limited2
        return not free and x_recv != 0

    def maximize(self, now, x_recv):
        values = [x for x, _ in self.x_recv_set if x != INFINITY] + [x_recv]
        self.x_recv_set = [(max(values), now)]

    def recv_max(self):
        return max(x for x, _ in self.x_recv_set)

    def congestion_avoidance(self, recv_limit):
        self.x_bps = throughput(self.size(), self.r / NS, self.p)
        self.x = max(min(self.x_bps, recv_limit), self.least())

    def feedback(self, now, sent, delay, p, x_recv, seq):
        """4.3. sent: how long ago the packet that the report echoes left, ns."""
        if seq < self.seq_reported:                    # choice 9
            return
        self.seq_reported = seq
        self.update_size()
        sample = max(sent - delay, RTT_MIN)            # step 1
        first = self.r is None
        if not self.feedback_seen:                     # step 2, and 4.5
            self.r = float(sample)
            self.r_sqmean = math.sqrt(sample)
        else:
            sample = min(sample, max(RTT_GROWTH * max(self.r, self.r_sample), RTT_JUMP))  # choice 20
            self.r = 0.9 * self.r + 0.1 * sample
            self.r_sqmean = 0.9 * self.r_sqmean + 0.1 * math.sqrt(sample)
        self.r_sample = sample
        self.feedback_seen = True
        rto = self.rto()                               # step 3
        limited = self.data_limited(now, sent, x_recv)
        if first:
            self.first_rtt(now)                        # 4.2 instead of step 4
        if not first or p > 0:                         # choice 10
            self.step4(now, limited, p, x_recv)
        self.timer = now + rto                         # step 6
        self.timer_packets = self.packets

    def step4(self, now, limited, p, x_recv):
        if limited:
            if p > self.p:
                self.x_recv_set = [(x / 2, at) for x, at in self.x_recv_set]
                self.maximize(now, 0.85 * x_recv)
                recv_limit = self.recv_max()
            else:
                self.maximize(now, x_recv)
                recv_limit = 2 * self.recv_max()
        else:
            young = [(x, at) for x, at in self.x_recv_set if now - at <= 2 * self.r]
            self.x_recv_set = (young + [(x_recv, now)])[-3:]   # 8.2.2
            recv_limit = 2 * self.recv_max()
        self.p = p
        if p > 0:
            self.congestion_avoidance(recv_limit)
        elif now - self.tld >= self.r:
            self.x = max(min(2 * self.x, recv_limit), self.initial_rate())
            self.tld = now

    def update_limits(self, now, timer_limit):
        timer_limit = max(timer_limit, self.least())
        self.x_recv_set = [(timer_limit / 2, now)]
        self.congestion_avoidance(2 * self.recv_max())

    def expire(self, now):
        """4.4."""
        self.update_size()
        x_recv = self.recv_max()
        idle = self.packets == self.timer_packets
        if idle and self.r is None:                    # choice 7
            self.timer = None
            return
        if self.r is None:
            self.x = max(self.x / 2, self.least())
        elif idle and ((self.p > 0 and x_recv < self.initial_rate()) or
                       (self.p == 0 and self.x < 2 * self.initial_rate())):
            self.timer = None                          # choice 7
            return
        elif self.p == 0:
            self.x = max(self.x / 2, self.least())
        elif self.x_bps > 2 * x_recv:
            self.update_limits(now, x_recv)
        else:
            self.update_limits(now, self.x_bps / 2)
        self.timer = now + self.rto()
        self.timer_packets = self.packets
