#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the benchmark scale (scale.c) and, with --pictures DIR, draws its curves there as SVG.

All other options are the program's own: --help lists them. --figures FILE draws the pictures of an
earlier run's --json FILE, and runs nothing.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from options import ROOT, commit

BUILD = pathlib.Path(os.environ.get("FERRY_BUILD", ROOT / "build"))

SETTING = """
set terminal svg size 800,480 dynamic enhanced background rgb 'white' font 'sans,13'
set grid
set key outside bottom center horizontal
"""

CURVES = (("relay_hops", "relay: next hops"),
          ("source_sessions", "source: sessions of one conference"),
          ("source_conferences", "source: conferences"),
          ("destination_sessions", "destination: sessions of one conference"),
          ("destination_conferences", "destination: conferences"))
SHARES = {"p1": 1, "p10": 10, "p25": 25, "p50": 50, "p75": 75, "p90": 90, "p99": 99, "p999": 99.9}


def points(figures, pattern):
    """Sorted (x, y) of the figures whose key matches; its one group is x."""
    found = [(float(match[1]), value) for key, value in figures.items()
             if (match := re.fullmatch(pattern, key))]
    return sorted(found)


def rate_points(figures, policy, what):
    """(packets a second that came through, figure), without the rows of none and of all."""
    rates = points(figures, rf"rate_{policy}_(\d+)_mpps")
    return [(mpps, figures[f"rate_{policy}_{rate:.0f}_{what}"]) for rate, mpps in rates
            if rate > 0]


def percentile_points(figures, name):
    return sorted((figures[f"{name}_{key}"], share) for key, share in SHARES.items()
                  if f"{name}_{key}" in figures)


def draw(path, settings, curves):
    """curves: title -> [(x, y)]; empty ones are left out, and so is a picture without any."""
    curves = {title: curve for title, curve in curves.items() if curve}
    if not curves:
        return False
    data = "\n\n\n".join("\n".join(f"{x:.9g} {y:.9g}" for x, y in curve)
                       for curve in curves.values())
    lines = ", ".join(f"$data index {i} using 1:2 with linespoints lw 2 pt 7 ps 0.5 title '{title}'"
                      for i, title in enumerate(curves))
    script = f"{SETTING}set output '{path}'\n{settings}\n$data << EOD\n{data}\nEOD\nplot {lines}\n"
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
    return True


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


def draw_all(figures, directory):
    for name, settings, curves in pictures(figures):
        path = directory / f"scale_{name}.svg"
        if draw(path, settings, curves):
            print(f"picture: {path}")


def take(arguments, name):
    """The value of an option of ours, taken out of the arguments."""
    if name not in arguments:
        return None
    at = arguments.index(name)
    if at + 1 == len(arguments):
        sys.exit(f"scale: {name} needs a value")
    value = arguments[at + 1]
    del arguments[at:at + 2]
    return pathlib.Path(value)


def read_options(arguments):
    """The directory of the pictures, and the figures of an earlier run; None is what is not there."""
    directory, old = take(arguments, "--pictures"), take(arguments, "--figures")
    if old and (arguments or not directory):
        sys.exit("--figures FILE goes with --pictures DIR alone")
    try:
        if directory:
            directory.mkdir(parents=True, exist_ok=True)
        return directory, json.loads(old.read_text(encoding="ascii"))["figures"] if old else None
    except OSError as error:
        sys.exit(f"{error.filename}: it cannot be used: {error.strerror}")
    except (ValueError, KeyError, TypeError):
        sys.exit(f"--figures {old}: it must be a file that --json wrote")


def main():
    arguments = sys.argv[1:]
    directory, old = read_options(arguments)
    if old is not None:
        draw_all(old, directory)
        return 0
    if "--help" in arguments:
        print(__doc__)
    with tempfile.TemporaryDirectory() as temporary:
        output = pathlib.Path(temporary) / "figures.json"
        if "--json" in arguments[:-1]:
            output = pathlib.Path(arguments[arguments.index("--json") + 1])
        else:
            arguments = ["--json", output, *arguments]
        if "--commit" not in arguments:
            arguments = ["--commit", commit(), *arguments]
        status = subprocess.run(["scale", *arguments], check=False,
                                executable=BUILD / "bench" / "scale_measure").returncode
        if status == 0 and directory:
            draw_all(json.loads(output.read_text(encoding="ascii"))["figures"], directory)
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FileNotFoundError as error:
        sys.exit(f"scale: {error.filename} is not there: ./run bench builds Ferry and installs "
                 "the package gnuplot-nox")
