# SPDX-License-Identifier: BSD-3-Clause
"""What bench/relay found, as tables and as figures."""
import json
import math
import pathlib
import platform
import statistics

from options import commit

LOADS = (10, 50, 90)
NAMES = {"ferry": "ferryd", "macswap": "testpmd macswap", "io": "testpmd io"}
PERCENTILES = ("p50_us", "p99_us", "p999_us", "max_us")
BAD = ("wrong", "duplicates", "too_old")


class Row:
    """All runs of one seat with one payload. Rates in millions of frames a second."""

    def __init__(self):
        self.mpps, self.ndr, self.pdr = [], [], []
        self.open_ends = 0  # searches that ended without having narrowed their interval
        self.latencies = {load: [] for load in LOADS}
        self.round_trip = []
        self.full = []  # share of send bursts that found no room: the seat was the slower one
        self.behind = 0
        self.silent = 0  # trials at full load or for latency of which nothing came back
        self.seconds = self.wall = self.waited = self.stalled = 0.0
        self.sums = {}

    def count(self, result):
        self.seconds += result["seconds"]
        self.wall += result["wall"]
        self.waited += result["waited"]
        self.stalled += result["stall_ns"] / 1e9
        for key in ("sent", "received", "lost", "reordered", "stray", "link_gaps", *BAD):
            self.sums[key] = self.sums.get(key, 0) + result[key]

    def maximum(self, result):
        self.silent += not result["received"]
        self.mpps.append(result["rate"] / 1e6)
        self.full.append(result["full_bursts"] / max(result["bursts"], 1))

    def found(self, ndr, pdr):
        self.ndr.append(ndr.lower / 1e6)
        self.pdr.append(pdr.lower / 1e6)
        self.open_ends += not (ndr.complete and pdr.complete)

    def latency(self, load, result):
        if not result["received"]:  # of no frame there is no latency
            self.silent += 1
            return
        self.latencies[load].append(tuple(result[key] for key in PERCENTILES))


class SoakSeat:
    """All slices of one seat."""

    def __init__(self):
        self.seconds = self.wall = self.waited = self.stolen = self.stalled = 0.0
        self.offered = self.lost = 0
        self.slices = []  # loss of each, 10^-6

    def add(self, result):
        self.seconds += result["seconds"]
        self.wall += result["wall"]
        self.waited += result["waited"]
        self.stolen += result["stolen"]
        self.stalled += result["stall_ns"] / 1e9
        self.offered += result["sent"] + result["refused"]
        self.lost += result["lost"] + result["refused"]
        self.slices.append(1e6 * (result["lost"] + result["refused"]) /
                           (result["sent"] + result["refused"]))

    def ppm(self):
        return 1e6 * self.lost / self.offered


class Soak:
    """Pairs of slices, one of each seat, at rates found now and then."""

    def __init__(self):
        self.seats = {"ferry": SoakSeat(), "macswap": SoakSeat()}
        self.rates = []  # frames a second
        self.behind = 0  # pairs left out: the generator did not offer the rate
        self._of_rate = 0  # pairs since the last rate

    def __len__(self):
        return len(self.seats["ferry"].slices)

    def wants_rate(self, pairs):
        return not self.rates or self._of_rate >= pairs

    def rate(self, rate):
        self.rates.append(rate)
        self._of_rate = 0

    def fell_behind(self):
        self.behind += 1
        self._of_rate = math.inf

    def add(self, pair):
        self._of_rate += 1
        for seat, result in pair.items():
            self.seats[seat].add(result)


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def print_setting(options, about, ports):
    print(f"machine: {processor()}, TSC {about['tsc_hz'] / 1e9:.2f} GHz, "
          f"Linux {platform.release()}")
    print(f"commit: {options.commit or commit()}")
    print(f"generator on CPU {options.cpus[0]}, worker in the seat on CPU {options.cpus[1]}, "
          f"ferryd's control thread: {options.control}; "
          f"{'hugepages' if options.huge else 'ordinary pages'}; bursts of {about['burst']}")
    print(f"ports: {ports}", flush=True)


def spread(values, digits=2):
    """Median, and from least to most."""
    values = list(values)
    if not values:
        return "-"
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return (f"{statistics.median(values):.{digits}f} "
            f"({min(values):.{digits}f}-{max(values):.{digits}f})")


def ratios(ours, theirs):
    """Of the runs in which both carried something; how many others there are is told, see left_out."""
    return [a / b for a, b in zip(ours, theirs) if a > 0 and b > 0]


RATES = {"full load": ("", "mpps"), "NDR": ("_ndr", "ndr"), "PDR": ("_pdr", "pdr")}


def pairs_of(rows, options):
    """(payload, reference's name, rate's name, key, ferryd's rates, the reference's)"""
    for payload in options.payloads:
        for seat in ("macswap", "io"):
            if "ferry" in options.seats and seat in options.seats:
                for name, (key, rate) in RATES.items():
                    yield (payload, seat, name, key, getattr(rows[payload, "ferry"], rate),
                           getattr(rows[payload, seat], rate))


def left_out(rows, options):
    """Tells of which runs there is no ratio, for one of the two carried nothing; how many."""
    count = 0
    for payload, seat, name, _, ours, theirs in pairs_of(rows, options):
        missing = len(ours) - len(ratios(ours, theirs))
        if missing:
            print(f"  {name} of {payload} bytes: {missing} of {len(ours)} runs are in no ratio to {NAMES[seat]}, "
                  f"for ferryd carried nothing in {ours.count(0)} and it in {theirs.count(0)}")
        count += missing
    return count


def table(heads, lines):
    widths = [max(len(line[i]) for line in [heads, *lines]) for i in range(len(heads))]
    for line in [heads, *lines]:
        print("  " + "  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(line, widths))))


def per_cent(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "-"


def print_payload(rows, payload, options, about):
    sent = about["sent_headers"] + payload
    back = about["ferry_headers"] + payload
    print(f"\npayload {payload} bytes: frames of {sent} bytes to the seat, "
          f"{back} back from ferryd, {sent} from testpmd (Mpps; median, least-most of "
          f"{options.runs})")
    reference = rows.get((payload, "macswap"))
    lines = []
    for seat in options.seats:
        row = rows[payload, seat]
        lines.append([
            NAMES[seat], spread(row.mpps),
            spread(ratios(row.mpps, reference.mpps)) if reference else "-",
            spread(row.ndr), spread(row.pdr),
            "seat" if statistics.median(row.full) > 0.5 else "generator",
            f"{statistics.median(row.round_trip):.0f}",
            per_cent(row.waited, row.wall), per_cent(row.stalled, row.seconds)])
    table(["", "full load", "of macswap", "NDR", "PDR", "limit", "line round trip",
           "worker preempted", "generator stalled"], lines)
    lines = []
    for seat in options.seats:
        for load in LOADS:
            columns = list(zip(*rows[payload, seat].latencies[load])) or [()] * len(PERCENTILES)
            lines.append([f"{NAMES[seat]} at {load} % of PDR",
                          *(spread(column, 1) for column in columns)])
    table(["latency, microseconds", "p50", "p99", "p99.9", "max"], lines)
    for seat in options.seats:
        row = rows[payload, seat]
        if row.open_ends:
            print(f"  {NAMES[seat]}: {row.open_ends} of {options.runs} searches ran out of time "
                  "before the interval was narrow enough")
        if row.behind:
            print(f"  {NAMES[seat]}: {row.behind} loads were more than the generator could offer")


def figures_of(rows, payload, seat):
    """Those of ferryd without a prefix."""
    row = rows[payload, seat]
    prefix = "" if seat == "ferry" else f"{seat}_"
    figures = {f"{prefix}{key}_{payload}": statistics.median(values) for key, values in
               (("mpps", row.mpps), ("ndr_mpps", row.ndr), ("pdr_mpps", row.pdr))}
    figures[f"{prefix}mpps_min_{payload}"] = min(row.mpps)
    figures[f"{prefix}mpps_max_{payload}"] = max(row.mpps)
    for load in LOADS:
        for key, values in zip(PERCENTILES, zip(*row.latencies[load])):
            key = key.removesuffix("_us")
            figures[f"{prefix}latency_{key}_us_{load}_{payload}"] = statistics.median(values)
    return figures


def print_tables(rows, options, about):
    figures = {}
    for payload in options.payloads:
        print_payload(rows, payload, options, about)
        for seat in options.seats:
            figures |= figures_of(rows, payload, seat)
    for payload, seat, _, key, ours, theirs in pairs_of(rows, options):
        if ratios(ours, theirs):
            figures[f"ratio{key}_to_{seat}_{payload}"] = statistics.median(ratios(ours, theirs))
    figures["ratios_left_out"] = left_out(rows, options)
    # The name by which the smallest payload's is known.
    for load in LOADS:
        if f"latency_p99_us_{load}_64" in figures:
            figures[f"latency_p99_us_{load}"] = figures[f"latency_p99_us_{load}_64"]
    every = list(rows.values())
    figures["round_trip_cycles"] = statistics.median(
        trip for row in every for trip in row.round_trip)
    seconds = sum(row.seconds for row in every)
    figures["preempted_percent"] = (100 * sum(row.waited for row in every) /
                                    sum(row.wall for row in every))
    figures["generator_stalled_percent"] = 100 * sum(row.stalled for row in every) / seconds
    sums = {}
    for row in every:
        for key, value in row.sums.items():
            sums[key] = sums.get(key, 0) + value
    print(f"\nof {sums['sent']:,} frames sent: {sums['received']:,} came back right, "
          f"{sums['lost']:,} lost, {sums['duplicates']:,} twice, {sums['reordered']:,} "
          f"out of order, {sums['wrong']:,} wrong, {sums['stray']:,} of an earlier trial; "
          f"{sums['link_gaps']:,} gaps in the sequences of ferryd's link")
    for key in ("wrong", "duplicates", "reordered", "stray", "link_gaps"):
        figures[key] = sums[key]
    return figures


def sign_test(more, less):
    """How often two that are alike would differ at least so much: coins, and their rarer side."""
    thrown = more + less
    tail = sum(math.comb(thrown, k) for k in range(max(more, less), thrown + 1)) / 2 ** thrown
    return min(1.0, 2 * tail)


def print_soak(payload, soak):
    print(f"\nsoak: payload {payload} bytes, {spread([rate / 1e6 for rate in soak.rates])} Mpps "
          "(90 % of ferryd's PDR), by turns")
    table(["", "seconds", "offered", "lost", "lost, ppm", "ppm in each slice", "worker preempted",
           "stolen by the host", "generator stalled"],
          [[NAMES[name], f"{seat.seconds:.1f}", f"{seat.offered:,}", f"{seat.lost:,}",
            f"{seat.ppm():,.0f}", spread(seat.slices, 0),
            per_cent(seat.waited, seat.wall), per_cent(seat.stolen, seat.wall),
            per_cent(seat.stalled, seat.seconds)] for name, seat in soak.seats.items()])
    ours, theirs = soak.seats["ferry"], soak.seats["macswap"]
    more = sum(a > b for a, b in zip(ours.slices, theirs.slices))
    less = sum(a < b for a, b in zip(ours.slices, theirs.slices))
    chance = sign_test(more, less)
    print(f"of {len(soak)} pairs of slices ferryd lost more in {more}, macswap in {less}: "
          f"two that are alike differ at least so much in {100 * chance:.0f} % of runs")
    if soak.behind:
        print(f"pairs left out besides: {soak.behind}, for the generator fell behind the rate, and "
              "the two were not offered the same")
    return {"soak_pairs_more": more, "soak_pairs_less": less, "soak_sign_test": chance,
            "soak_pairs_left_out": soak.behind,
            "soak_seconds": ours.seconds, "soak_mpps": statistics.median(soak.rates) / 1e6,
            "soak_offered": ours.offered, "soak_lost": ours.lost,
            "soak_macswap_offered": theirs.offered, "soak_macswap_lost": theirs.lost,
            "soak_loss_ppm": ours.ppm(), "soak_macswap_loss_ppm": theirs.ppm(),
            "soak_slice_loss_ppm": statistics.median(ours.slices),
            "soak_macswap_slice_loss_ppm": statistics.median(theirs.slices)}


def print_drops(drops):
    """drops: None if no ferryd was there to ask."""
    if drops is None:
        print("ferryd's own count of drops: not asked, it had no seat")
        return
    dropped = ", ".join(f"{count:,} {reason}" for reason, count in drops.items() if count)
    print(f"ferryd's own count of drops: {dropped or 'none'}")


def write_json(path, benchmark, figures):
    text = json.dumps({"benchmark": benchmark, "figures": figures}, indent=2)
    pathlib.Path(path).write_text(text + "\n", encoding="ascii")


def verdict(rows):
    """Exit status: frames that came back damaged or twice are failures, as is a trial of which none came."""
    bad = {key: sum(row.sums.get(key, 0) for row in rows.values()) for key in BAD}
    silent = {key: row.silent for key, row in rows.items()
              if row.silent or row.sums and not row.sums["received"]}
    for key, count in bad.items():
        if count:
            print(f"relay: {count} frames came back {key.replace('_', ' ')}")
    for (payload, seat), trials in silent.items():
        print(f"relay: nothing came back from {NAMES[seat]}, {payload} bytes, in "
              f"{f'{trials} trials at full load or for latency' if trials else 'any trial'}")
    return 1 if any(bad.values()) or silent else 0
