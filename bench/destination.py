#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What loss and coding cost a destination that is behind a port.

    generator and sink  --memif or real ports-->  ferryd, the destination
                        <--what it delivers---

The generator sits on one CPU, ferryd's worker on another. It sends a session as it would come after
a network that loses 5 % of its frames, and judges what is delivered. bench/README.md says what the
figures mean.
"""
import argparse
import contextlib
import os
import pathlib
import shutil
import signal
import statistics
import sys
import tempfile
import time

import relay_report as report
from options import add_seats, check_seats, set_default, writable
from relay_seats import (MEMORY_MIB, FerrydSeat, Generator, SeatError, free_hugepages_mib,
                         memif_pair, memory_arguments)

PAYLOAD = 1400
KINDS = {"plain": "without coding and loss", "loss0": "k = 32, systematic, nothing lost",
         "loss5": "k = 32, systematic, 5 % lost"}
EGRESSES = {"udp": "Delivered by UDP over the port", "sink": "Counted in the node"}
IDLE = 0.02  # a generator that has less time left may be the limit itself
BAD = {"lost": "were not delivered", "wrong": "were delivered wrong",
       "duplicates": "were delivered twice", "too_old": "were delivered twice or very late"}
PATIENCE = float(os.environ.get("FERRY_PATIENCE", 1))

# Nothing is given up because a machine stands still.
CODING = {"k": 32, "repair": "15.625%", "deadline": "60s"}


def session_id(kind, egress):
    return 1 + (kind != "plain") + 2 * (egress == "sink")


def sessions():
    """Numbers and ports as in destination_trial.h."""
    found = []
    for egress in EGRESSES:
        for kind in ("plain", "loss5"):
            number = session_id(kind, egress)
            found.append({
                "id": number, "source": 1, "destinations": [2], "flows": [{"path": "2"}],
                **({"coding": CODING} if kind != "plain" else {}),
                "ingress": {"udp": f"198.18.0.1:{4000 + number}"},
                "egress": [{"node": 2, **({"sink": True} if egress == "sink" else
                                          {"udp": f"198.18.0.1:{5000 + number}"})}]})
    return found


class Opposite:
    """The node in the seat, and the generator opposite of it."""

    def __init__(self, directory, options):
        self.memory = memory_arguments(options.huge)
        self.seat = self.generator = None
        seat, generator = options.seat, options.generator
        memory = self.memory
        if generator is None:
            seat, generator, memory = memif_pair(directory / "seat.sock", memory)
        try:
            self.seat = FerrydSeat(directory, seat, options.cpus, self.memory, options.control,
                                   conferences=[{"id": 7, "sessions": sessions()}])
            self.generator = Generator(directory, generator, options.cpus, memory)
            self.seat.find_worker()
            self._ready()
        except BaseException:
            self.quit()
            raise

    def _ready(self):
        """Until the node knows where it delivers; its questions are answered during a trial."""
        deadline = time.monotonic() + 15 * PATIENCE
        while True:
            self._deliver("plain", "sink", 0.01)
            states = {session["session"]: session["destination"]["egress_state"]
                      for session in self.seat.show("sessions")}
            if all(state == "ready" for state in states.values()):
                return
            if time.monotonic() > deadline:
                raise SeatError(f"the node does not get ready to deliver: {states}")

    def _deliver(self, kind, egress, seconds):
        try:
            return self.generator.ask("deliver", port=0, kind=kind, egress=egress,
                                      ns=int(seconds * 1e9))
        except SeatError:
            self.seat.check()  # a process that ended says more
            raise

    def _counted(self, number):
        """What the node itself says it delivered of a session."""
        for session in self.seat.show("sessions"):
            if session["session"] == number:
                return session["destination"]["packets"]
        raise SeatError(f"ferryctl shows no session {number}")

    def _counted_all(self, number, before, sources):
        """The same when it has dealt with all that was sent."""
        deadline = time.monotonic() + 3 * PATIENCE
        while True:
            counted = self._counted(number) - before
            if counted >= sources or time.monotonic() > deadline:
                return counted
            time.sleep(0.01)

    def trial(self, kind, egress, seconds):
        """The answer has the rate too: source packets delivered a second."""
        number = session_id(kind, egress)
        before = self._counted(number)
        waited, begun = self.seat.waited(), time.monotonic()
        result = self._deliver(kind, egress, seconds)
        result["wall"] = time.monotonic() - begun
        result["waited"] = self.seat.waited() - waited
        counted = self._counted_all(number, before, result["sources"])
        if egress == "sink":
            result["received"] = result["received_sending"] = counted
            result["lost"] = result["sources"] - counted
        result["rate"] = result["received_sending"] / result["seconds"]
        self.seat.check()
        return result

    def round_trip(self):
        """TSC cycles of a cache line between the two CPUs, while nobody else is on them."""
        self.seat.pause()
        trip = self.generator.ask("round_trip", lcore=1)["median"]
        self.seat.resume()
        return trip

    def quit(self):
        for process in (self.seat, self.generator):
            if process:
                process.quit()


class Row:
    """All trials of one session; rates of a run are the mean of its trials, packets a second."""

    def __init__(self):
        self.rates, self.idle, self.sums = [], [], {}

    def run(self, results):
        self.rates.append(statistics.mean(result["rate"] for result in results))
        for result in results:
            self.idle.append(result["idle_cycles"] / result["cycles"])
            for key, value in result.items():
                self.sums[key] = self.sums.get(key, 0) + value

    def seat_is_limit(self):
        return statistics.median(self.idle) > IDLE


def measure(opposite, options):
    """A B C C B A, of each egress in turn."""
    rows = {(egress, kind): Row() for egress in options.egresses for kind in KINDS}
    trips = []
    for number in range(options.runs):
        trips.append(opposite.round_trip())
        for egress in options.egresses:
            results = {kind: [] for kind in KINDS}
            for kind in (*KINDS, *reversed(KINDS)):
                results[kind].append(opposite.trial(kind, egress, options.seconds))
            for kind in KINDS:
                rows[egress, kind].run(results[kind])
        print(f"run {number + 1} of {options.runs} done", flush=True)
    return rows, trips


def print_table(rows, trips, egress, tsc_hz):
    print(f"\n{EGRESSES[egress]}, {PAYLOAD} bytes (median, least-most)")
    lines = []
    plain = rows[egress, "plain"]
    for kind, title in KINDS.items():
        row = rows[egress, kind]
        lines.append([
            title, report.spread(rate / 1e6 for rate in row.rates),
            f"{statistics.median(row.rates) * PAYLOAD * 8 / 1e9:.1f}",
            report.spread((tsc_hz / rate for rate in row.rates), 0),
            f"{row.sums['frames'] / row.sums['sources']:.2f}",
            report.spread(report.ratios(row.rates, plain.rates)) if kind != "plain" else "",
            "seat" if row.seat_is_limit() else "generator",
            report.per_cent(row.sums["idle_cycles"], row.sums["cycles"]),
            f"{statistics.median(trips):.0f}",
            report.per_cent(row.sums["waited"], row.sums["wall"]),
            report.per_cent(row.sums["stall_cycles"], row.sums["cycles"])])
    report.table(["", "Mpps", "Gbit/s", "TSC cycles each", "frames each", "to without", "limit",
                  "generator idle", "line round trip", "worker preempted", "generator stalled"],
                 lines)
    if not all(rows[egress, kind].seat_is_limit() for kind in KINDS):
        print("  Where the generator was the limit, the ratio says nothing of the node.")


def figures_of(rows, egress):
    prefix = "destination_port" + ("_sink" if egress == "sink" else "")
    plain, figures = rows[egress, "plain"], {}
    for kind in KINDS:
        row = rows[egress, kind]
        if kind != "plain":
            ratios = report.ratios(row.rates, plain.rates)
            figures[f"{prefix}_{kind}_ratio"] = statistics.median(ratios)
            figures[f"{prefix}_{kind}_ratio_min"] = min(ratios)
            figures[f"{prefix}_{kind}_ratio_max"] = max(ratios)
        figures[f"{prefix}_mpps_{kind}"] = statistics.median(row.rates) / 1e6
        figures[f"{prefix}_generator_idle_percent_{kind}"] = 100 * statistics.median(row.idle)
    return figures


def print_all(rows, trips, options, tsc_hz):
    figures, sums = {}, {}
    for egress in options.egresses:
        print_table(rows, trips, egress, tsc_hz)
        figures |= figures_of(rows, egress)
    for row in rows.values():
        for key, value in row.sums.items():
            sums[key] = sums.get(key, 0) + value
    print(f"\nof {sums['sources']:,} source packets {sums['received']:,} were delivered, "
          f"{sums['lost']:,} lost, {sums['duplicates']:,} twice, {sums['wrong']:,} wrong")
    figures["round_trip_cycles"] = statistics.median(trips)
    figures["preempted_percent"] = 100 * sums["waited"] / sums["wall"]
    figures["generator_stalled_percent"] = 100 * sums["stall_cycles"] / sums["cycles"]
    for key in ("lost", "wrong", "duplicates"):
        figures[key] = sums[key]
    return figures


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--json", metavar="FILE", type=writable, help="writes the figures to FILE")
    parser.add_argument("--quick", action="store_true",
                        help="a short form that only proves that the program works")
    parser.add_argument("--runs", type=int, help="of all measurements (5)")
    parser.add_argument("--seconds", type=float,
                        help="of a trial; a run has six of each egress (0.4)")
    parser.add_argument("--commit", help="says which commit was built")
    add_seats(parser)
    options = parser.parse_args()
    set_default(options, runs=(5, 1), seconds=(0.4, 0.02))
    if options.runs < 1 or options.seconds <= 0:
        parser.error("--runs and --seconds must be more than 0")
    check_seats(parser, options)
    # Nothing holds back who sends to a sink over real ports: what is too much would be lost there.
    options.egresses = tuple(EGRESSES) if options.seat is None else ("udp",)
    options.huge = free_hugepages_mib() >= 2 * MEMORY_MIB
    return options


@contextlib.contextmanager
def opposite_in(options):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="ferry-destination-"))
    opposite = None
    try:
        opposite = Opposite(directory, options)
        yield opposite
    finally:
        if opposite:
            opposite.quit()
        shutil.rmtree(directory)


def main():
    options = parse_arguments()
    with opposite_in(options) as opposite:
        report.print_setting(options, opposite.generator.about,
                             "memif, rings of 1024, only the seat copies" if options.seat is None
                             else f"{options.generator} and {options.seat}")
        rows, trips = measure(opposite, options)
        figures = None
        if not silent(rows):  # there are no cycles of a packet that never came
            figures = print_all(rows, trips, options, opposite.generator.about["tsc_hz"])
        drops = opposite.seat.drops()
    report.print_drops(drops)
    if options.json and figures is not None:
        report.write_json(options.json, "destination", figures)
    return verdict(rows, options)


def silent(rows):
    """Sessions of which a run delivered nothing."""
    return [key for key, row in rows.items() if min(row.rates) <= 0]


def verdict(rows, options):
    """Exit status. Between memifs nothing is lost: each holds back who sends."""
    good = True
    for key, text in BAD.items():
        count = sum(row.sums[key] for row in rows.values())
        if count and (key != "lost" or options.seat is None):
            print(f"destination: {count} source packets {text}")
            good = False
    for egress, kind in silent(rows):
        print(f"destination: nothing was delivered ({egress}, {kind})")
        good = False
    return 0 if good else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started goes in any case
    try:
        sys.exit(main())
    except SeatError as error:
        print(f"destination: {error}", file=sys.stderr)
        sys.exit(1)
