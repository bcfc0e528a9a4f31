# SPDX-License-Identifier: BSD-3-Clause
"""The options of the benchmarks' scripts: what is wrong is told before anything is measured."""
import argparse
import os
import subprocess
import sys

from here import ROOT

SKIPPED = 77  # what meson takes for a test that cannot run here


def commit():
    """What --commit is if it was not given."""
    try:
        done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"],
                              capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def writable(text):
    """A file for results: who measures for an hour must not learn at its end that it has no place."""
    try:
        with open(text, "ab"):
            return text
    except OSError as error:
        raise argparse.ArgumentTypeError(f'"{text}" cannot be written: {error.strerror}') from error


def at_least(least, number=int):
    """A number that is least or more."""
    def read(text):
        try:
            value = number(text)
        except ValueError:
            value = None
        if value is None or not least <= value < float("inf"):
            kind = "an integer" if number is int else "a number"
            raise argparse.ArgumentTypeError(f'"{text}" must be {kind} of at least {least}')
        return value
    return read


def set_default(options, **keys):
    """Of what was not given: as usual, and with --quick."""
    for key, (usual, quick) in keys.items():
        if getattr(options, key) is None:
            setattr(options, key, quick if options.quick else usual)


def add_seats(parser):
    """Who sits where, for a generator opposite of a node (relay_seats.py)."""
    parser.add_argument("--cpus", type=int, nargs=2, metavar=("GENERATOR", "SEAT"),
                        help="(the first two that this process may use)")
    parser.add_argument("--control", choices=("generator", "float", "seat"), default="generator",
                        help="the CPU of ferryd's control thread (generator)")
    parser.add_argument("--generator", metavar="DEVICE",
                        help="instead of memif: a port, PCI address or devargs of DPDK, ...")
    parser.add_argument("--seat", metavar="DEVICE", help="... and the one that it is wired to")


def check_seats(parser, options):
    if (options.generator is None) != (options.seat is None):
        parser.error("--generator and --seat: both or none")
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2 and not options.cpus:
        print(f"{parser.prog}: it needs two CPUs, one for the generator and one for the seat, and may use one",
              file=sys.stderr)
        sys.exit(SKIPPED)
    options.cpus = options.cpus or allowed[:2]
    if len(set(options.cpus)) < 2 or not set(options.cpus) <= set(allowed):
        parser.error(f"--cpus: two different ones of {allowed}")
