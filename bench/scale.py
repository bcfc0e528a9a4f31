#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the benchmark scale (scale.c) and, with --pictures DIR, draws its curves there as SVG.

All other options are the program's own: --help lists them. --figures FILE draws the pictures of an
earlier run's --json FILE, and runs nothing.
"""
import json
import pathlib
import signal
import sys
import tempfile

from here import BUILD
from harness.child import run_to_its_end
from pictures import draw_all, points, program_arguments, read_options, write_json

CURVES = (("relay_hops", "relay: next hops"),
          ("source_sessions", "source: sessions of one conference"),
          ("source_conferences", "source: conferences"),
          ("destination_sessions", "destination: sessions of one conference"),
          ("destination_conferences", "destination: conferences"))
SHARES = {"p1": 1, "p10": 10, "p25": 25, "p50": 50, "p75": 75, "p90": 90, "p99": 99, "p999": 99.9}


def rate_points(figures, policy, what):
    """(packets a second that came through, figure), without the rows of none and of all."""
    rates = points(figures, rf"rate_{policy}_(\d+)_mpps")
    return [(mpps, figures[key]) for rate, mpps in rates
            if rate > 0 and (key := f"rate_{policy}_{rate:.0f}_{what}") in figures]


def percentile_points(figures, name):
    return sorted((figures[f"{name}_{key}"], share) for key, share in SHARES.items()
                  if f"{name}_{key}" in figures)


def pictures(figures):
    """Name, gnuplot's settings, curves."""
    yield ("growth", "set logscale x\nset yrange [0:*]\nset xlabel 'number, each packet of another'\n"
           "set ylabel 'TSC cycles a packet'",
           {title: points(figures, rf"cycles_{key}_(\d+)") for key, title in CURVES})
    yield ("memory", "set logscale xy\nset xlabel 'number'\nset ylabel 'MiB of the whole node'",
           {title: points(figures, rf"mib_{key}_(\d+)") for key, title in CURVES})
    yield ("rings", "set logscale x\nset yrange [0:*]\nset xlabel 'next hops'\n"
           "set ylabel 'TSC cycles a packet, one core'",
           {"own": points(figures, r"cycles_own_nh(\d+)"),
            "of another worker": points(figures, r"cycles_ring_nh(\d+)")})
    yield ("cpu", "set logscale x\nset yrange [0:110]\nset xlabel 'million packets a second'\n"
           "set ylabel 'per cent'",
           {f"{policy}: {title}": rate_points(figures, policy, what)
            for policy in ("poll", "adaptive")
            for what, title in (("cpu_percent", "CPU of the thread"),
                                ("busy_percent", "time with packets"))})
    yield ("delay", "set logscale xy\nset xlabel 'million packets a second'\n"
           "set ylabel 'microseconds in the node'",
           {f"{policy}: {what}": rate_points(figures, policy, f"delay_{what}_us")
            for policy in ("poll", "adaptive") for what in ("p50", "p99")})
    yield ("rate_memory", "set logscale x\nset yrange [0:*]\nset xlabel 'million packets a second'\n"
           "set ylabel 'MiB of DPDK''s heap; packets out at once'",
           {f"{policy}: {title}": rate_points(figures, policy, what)
            for policy in ("poll", "adaptive")
            for what, title in (("mib", "MiB"), ("buffers", "packets"))})
    yield ("times", "set logscale x\nset yrange [0:100]\nset xlabel 'nanoseconds a packet in the node'\n"
           "set ylabel 'per cent of packets took at most so long'",
           {f"{role}, burst of {burst}": percentile_points(figures, f"whole_{role}_burst{burst}_ns")
            for role in ("relay", "source", "destination") for burst in (1, 32)})


def program(*arguments):
    return run_to_its_end(["scale", *arguments], executable=BUILD / "bench" / "scale_measure")


def main():
    options = read_options(sys.argv[1:])
    if options.figures is not None:
        draw_all("scale", pictures(options.figures), options.pictures)
        return 0
    if options.help:
        print(__doc__, flush=True)
        return program("--help")
    with tempfile.TemporaryDirectory() as temporary:
        output = pathlib.Path(temporary) / "figures.json"
        status = program(*program_arguments(options, output))
        if status == 0:
            figures = json.loads(output.read_text(encoding="ascii"))["figures"]
            write_json(options, "scale", figures)
            if options.pictures:
                draw_all("scale", pictures(figures), options.pictures)
    return status


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the program ends in any case
    try:
        sys.exit(main())
    except FileNotFoundError as error:
        sys.exit(f"scale: {error.filename} is not there: ./run bench builds Ferry and installs "
                 "the package gnuplot-nox")
