#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""How fast a node relays, beside testpmd in the same seat.

    generator and sink  <--memif or two real ports-->  ferryd | testpmd macswap | testpmd io

The generator sits on one CPU, the seat's worker on another. The generator makes Ferry DATA whose
path leads through the seat back to it, and judges every frame that returns. The three take the seat
in turn: same frames, rings, burst, queues. bench/README.md says what the figures mean.
"""
import argparse
import contextlib
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter

import relay_report as report
from options import add_seats, check_seats, set_default, writable
from relay_search import PHASES, Phase, Search
from relay_seats import (MEMORY_MIB, FerrydSeat, Generator, SeatError, TestpmdSeat,
                         free_hugepages_mib, memif_pair, memory_arguments, stolen)

SEATS = ("ferry", "macswap", "io")
PAYLOADS = (64, 256, 512, 1400)
LOADS = (10, 50, 90)  # per cent of PDR
NDR, PDR = 0.0, 0.005

QUICK_PHASES = (Phase(0.01, 0.2), Phase(0.02, 0.1))
BUDGET = 6.0  # seconds of one search
SILENT_SECONDS = 3
PATIENCE = float(os.environ.get("FERRY_PATIENCE", 1))
SOAK_SLICE = 1.0  # seconds, about
SOAK_SEARCH = 5  # pairs of slices before the PDR is looked for again


class Opposite:
    """Who has the seat, and the generator opposite of it.

    Between memifs all seats stay and take turns, each with a generator of its own: DPDK's driver
    lends its memory to one port of a process. Real ports have one generator for all.
    """

    def __init__(self, directory, options):
        self.directory = directory
        self.options = options
        self.memory = memory_arguments(options.huge)
        self.resident = options.generator is None
        self.seats = {}
        self.generators = {}
        self.active = None
        self.dropped = None  # by ferryds that had the seat and left it, by reason
        try:
            if not self.resident:
                self.generators[None] = Generator(directory, options.generator, options.cpus,
                                                  self.memory)
            for name in options.seats if self.resident else ():
                self._start(name)
        except BaseException:
            self.quit()
            raise

    def _generator(self, name):
        return self.generators[name if self.resident else None]

    @property
    def about(self):
        """What all generators say of themselves."""
        return next(iter(self.generators.values())).about

    def _seat_device(self, name):
        if not self.resident:
            return self.options.seat
        seat, generator, memory = memif_pair(self.directory / f"{name}.sock", self.memory)
        self.generators[name] = Generator(self.directory, generator, self.options.cpus, memory,
                                          f"generator-{name}")
        return seat

    def _start(self, name):
        if self.active:
            self.seats[self.active].pause()
        device = self._seat_device(name)
        if name == "ferry":
            seat = FerrydSeat(self.directory, device, self.options.cpus, self.memory,
                              self.options.control)
        else:
            seat = TestpmdSeat(name, self.directory, device, self.options.cpus, self.memory,
                               self.about["burst"])
        self.seats[name] = seat
        self.active = name
        self._ready(15)
        seat.find_worker()

    def _ready(self, seconds):
        seat = self.seats[self.active]
        try:
            self._generator(self.active).ask("ready", port=0, seat=self.active, ns=int(seconds * 1e9),
                                             **({"mac": seat.mac} if seat.mac else {}))
        except SeatError:
            seat.check()  # a process that ended says more
            raise

    def take_seat(self, name):
        if self.active == name and not self.seats[name].paused:
            return
        if self.resident or self.active == name:
            if self.active:
                self.seats[self.active].pause()
            self.seats[name].resume()
            self.active = name
            self._ready(5)
            return
        if self.active:
            self.seats[self.active].resume()  # or it cannot answer
            self.dropped = self._with_drops_of(self.seats[self.active])
            self.seats.pop(self.active).quit()
        self.active = None
        self._start(name)

    def _with_drops_of(self, seat):
        drops = seat.drops()
        return self.dropped if drops is None else Counter(self.dropped) + Counter(drops)

    def trial(self, name, payload, rate, seconds):
        """Without a rate, as many as go. The answer has rates in frames a second too."""
        self.take_seat(name)
        seat = self.seats[name]
        cpu = self.options.cpus[1]
        waited, taken, begun = seat.waited(), stolen(cpu), time.monotonic()
        result = self._generator(name).ask("trial", port=0, seat=name, payload=payload,
                                           burst=self.about["burst"], rate=int(rate),
                                           ns=int(seconds * 1e9))
        result["wall"] = time.monotonic() - begun
        result["waited"] = seat.waited() - waited
        result["stolen"] = stolen(cpu) - taken
        result["rate"] = result["received_sending"] / result["seconds"]
        seat.check()
        return result

    def round_trip(self):
        """TSC cycles of a cache line between the two CPUs, while nobody else is on them."""
        if self.active:
            self.seats[self.active].pause()
        return next(iter(self.generators.values())).ask("round_trip", lcore=1)["median"]

    def drops(self):
        """What all ferryds themselves say they dropped; None if there was none."""
        if "ferry" not in self.seats:
            return self.dropped
        self.take_seat("ferry")
        return self._with_drops_of(self.seats["ferry"])

    def quit(self):
        for process in (*self.seats.values(), *self.generators.values()):
            process.quit()


def loss_of(result, rate):
    """Loss ratio of a trial; None when the generator was too slow for the rate."""
    offered = result["sent"] + result["refused"]
    if result["skipped"] > 0.01 * rate * result["seconds"] or offered == 0:
        return None
    return (result["lost"] + result["refused"]) / offered


class Measurement:
    def __init__(self, opposite, options):
        self.opposite = opposite
        self.options = options
        self.rows = {(payload, seat): report.Row() for payload in options.payloads
                     for seat in options.seats}

    def trial(self, seat, payload, rate, seconds):
        result = self.opposite.trial(seat, payload, rate, seconds)
        self.rows[payload, seat].count(result)
        return result

    def loss(self, seat, payload, rate, seconds):
        """A trial in which the generator fell behind says nothing; it is repeated, within limits."""
        for _ in range(3):
            loss = loss_of(self.trial(seat, payload, rate, seconds), rate)
            if loss is not None:
                return loss
        self.rows[payload, seat].behind += 1
        return 1.0

    def heard(self, seat, payload, rate):
        """A trial of which nothing came back says nothing where the machine stood still: it is repeated for a while."""
        end = time.monotonic() + SILENT_SECONDS * PATIENCE
        while True:
            result = self.trial(seat, payload, rate, self.options.seconds)
            if result["received"] or time.monotonic() > end:
                return result

    def maxima(self, payload, seats):
        for seat in seats:
            self.rows[payload, seat].maximum(self.heard(seat, payload, 0))

    def searches(self, payload, seats):
        """All searches go on at once, a trial of each in turn."""
        searches = {}
        for seat in seats:
            rate = max(self.rows[payload, seat].mpps[-1] * 1e6, 1000)
            searches[seat] = Search([NDR, PDR], rate, 1.25 * rate, self.options.budget,
                                    self.options.phases)
        while any(search.next() for search in searches.values()):
            for seat, search in searches.items():
                step = search.next()
                if step:
                    begun = time.monotonic()
                    search.tell(self.loss(seat, payload, *step), time.monotonic() - begun)
        for seat, search in searches.items():
            self.rows[payload, seat].found(search.bounds[NDR], search.bounds[PDR])

    def latencies(self, payload, seats):
        for load in LOADS:
            for seat in seats:
                row = self.rows[payload, seat]
                rate = max(row.pdr[-1] * 1e6 * load / 100, 1000)
                row.latency(load, self.heard(seat, payload, rate))

    def measure(self, payload, seats):
        trip = self.opposite.round_trip()
        for seat in seats:
            self.rows[payload, seat].round_trip.append(trip)
        self.maxima(payload, seats)
        self.searches(payload, seats)
        self.latencies(payload, seats)

    def run(self):
        """A B C, then C B A."""
        for number in range(self.options.runs):
            order = self.options.seats if number % 2 == 0 else self.options.seats[::-1]
            groups = [order] if self.opposite.resident else [(seat,) for seat in order]
            for group in groups:
                for payload in self.options.payloads:
                    self.measure(payload, group)
            print(f"run {number + 1} of {self.options.runs} done", flush=True)

    def pdr_of_node(self, payload):
        self.maxima(payload, ("ferry",))
        self.searches(payload, ("ferry",))
        return max(self.rows[payload, "ferry"].pdr[-1] * 1e6, 1000)

    def soak(self):
        """At 90 % of the node's PDR, in slices by turns, so that the machine is alike for both. A
        machine shared with others changes within the minute, and the PDR with it: it is looked for
        again every few pairs, and at once when the generator no longer offers the rate; such a
        pair is left out."""
        payload = self.options.payloads[0]
        slices = max(1, round(self.options.soak / SOAK_SLICE))
        soak = report.Soak()
        while len(soak) < slices:
            if soak.behind == slices:
                raise SeatError(f"in {slices} pairs of slices the generator fell behind the rate: "
                                "this machine is too busy for a soak")
            if soak.wants_rate(SOAK_SEARCH):
                soak.rate(0.9 * self.pdr_of_node(payload))
            order = ("ferry", "macswap") if len(soak) % 2 == 0 else ("macswap", "ferry")
            pair = {seat: self.trial(seat, payload, soak.rates[-1], self.options.soak / slices)
                    for seat in order}
            if None in (loss_of(result, soak.rates[-1]) for result in pair.values()):
                soak.fell_behind()
            else:
                soak.add(pair)
        return payload, soak


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--json", metavar="FILE", type=writable, help="writes the figures to FILE")
    parser.add_argument("--quick", action="store_true",
                        help="a short form that only proves that the program works")
    parser.add_argument("--runs", type=int, help="of all measurements (5)")
    parser.add_argument("--commit", help="says which commit was built")
    parser.add_argument("--payloads", type=int, nargs="+", metavar="BYTES",
                        help=f"20 to 1400 ({', '.join(map(str, PAYLOADS))})")
    parser.add_argument("--seats", nargs="+", choices=SEATS, default=list(SEATS),
                        help="who takes the seat (all three)")
    parser.add_argument("--seconds", type=float,
                        help="of a trial at full load, and of one for latency (0.5)")
    parser.add_argument("--soak", type=float, metavar="SECONDS",
                        help="only this: so long at 90 %% of ferryd's PDR with the first payload, "
                        "ferryd and macswap by turns (60 is usual)")
    add_seats(parser)
    options = parser.parse_args()
    set_default(options, runs=(5, 1), seconds=(0.5, 0.02), payloads=(PAYLOADS, (64, 1400)))
    if not all(20 <= size <= 1400 for size in options.payloads):
        parser.error("--payloads: 20 to 1400 bytes")
    if options.runs < 1 or options.seconds <= 0 or (options.soak or 1) <= 0:
        parser.error("--runs, --seconds and --soak must be more than 0")
    check_seats(parser, options)
    return settle(options)


def settle(options):
    """What follows from the options."""
    options.phases, options.budget = PHASES, BUDGET
    if options.quick:
        options.phases, options.budget = QUICK_PHASES, 0.5
    options.payloads = list(dict.fromkeys(options.payloads))
    options.seats = tuple(seat for seat in SEATS if seat in options.seats)
    if options.soak:
        options.seats, options.payloads = ("ferry", "macswap"), options.payloads[:1]
    processes = 2 * len(options.seats) if options.generator is None else 2
    options.huge = free_hugepages_mib() >= processes * MEMORY_MIB
    return options


@contextlib.contextmanager
def opposite_in(options):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="ferry-relay-"))
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
        measurement = Measurement(opposite, options)
        report.print_setting(options, opposite.about,
                             "memif, rings of 1024, only the seat copies" if opposite.resident
                             else f"{options.generator} and {options.seat}")
        if options.soak:
            figures = report.print_soak(*measurement.soak())
        else:
            measurement.run()
            figures = report.print_tables(measurement.rows, options, opposite.about)
        drops = opposite.drops()
    report.print_drops(drops)
    if options.json:
        report.write_json(options.json, "relay", figures)
    return report.verdict(measurement.rows)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started goes in any case
    try:
        sys.exit(main())
    except SeatError as error:
        print(f"relay: {error}", file=sys.stderr)
        sys.exit(1)
