#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the benchmark coding (coding.c) and, with --pictures DIR, draws its curves there as SVG.

It then runs the simulations of coding beside theory (--only simulation: nothing else), and takes
their figures over. All other options are the program's own: --help lists them. --figures FILE draws
the pictures of an earlier run's --json FILE, and runs nothing.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import scale
from options import commit, writable

WHERE = (("near", "in cache"), ("far", "from memory"))
OUTPUTS = (1, 2, 4)


def own_rate(figures, outputs, where):
    return scale.points(figures, rf"kernel{outputs}_gbytes_k(\d+)_{where}")


def isal_rate(figures, outputs, where):
    ratio = dict(scale.points(figures, rf"encode{outputs}_ratio_isal_k(\d+)_{where}"))
    return [(k, rate / ratio[k]) for k, rate in own_rate(figures, outputs, where)]


def pictures(figures):
    """Name, gnuplot's settings, curves."""
    for where, title in WHERE:
        curves = {}
        for outputs in OUTPUTS:
            curves[f"{outputs} out"] = own_rate(figures, outputs, where)
            curves[f"{outputs} out, ISA-L"] = isal_rate(figures, outputs, where)
        yield (f"kernels_{where}", "set logscale x 2\nset yrange [0:*]\n"
               f"set title 'Products of a byte, payloads {title}'\n"
               "set xlabel 'source packets'\nset ylabel '10^9 a second'", curves)


    works = {"repair": "repair, a tenth", "encode": "encode", "decode": "decode",
             "decode_seeds": "decode, drawn from seeds"}
    yield ("codes", "set logscale xy 2\nset title 'Whole generations, payloads in cache and not'\n"
           "set xlabel 'source packets'\nset ylabel 'Gbit/s of source payload'",
           {f"{title}, {where}": scale.points(figures, rf"{work}_gbps_k(\d+)_{key}")
            for work, title in works.items() for key, where in WHERE})


def draw_all(figures, directory):
    for name, settings, curves in pictures(figures):
        path = directory / f"coding_{name}.svg"
        if scale.draw(path, settings, curves):
            print(f"picture: {path}")


def option(arguments, name):
    """The value of an option that the program gets too; None without it."""
    if name not in arguments[:-1]:
        return None
    return arguments[arguments.index(name) + 1]


def program(*arguments):
    return subprocess.run(["coding", *arguments], check=False,
                          executable=scale.BUILD / "bench" / "coding_measure")


def simulate(quick, directory):
    """Figures of coding beside theory, in virtual time (tests/sim)."""
    simulator = scale.BUILD / "tests" / "sim" / "coding_sim"
    if not simulator.exists():
        print(f"\n{simulator} is not built: no figures of simulations")
        return {}
    output = directory / "simulation.json"
    print("\nSimulations beside theory", flush=True)
    subprocess.run([simulator, "--json", output, *(["--seconds", "1"] if quick else [])], check=True)
    return json.loads(output.read_text(encoding="ascii"))["figures"]


def measure(arguments, directory):
    """All figures, or None if the program failed."""
    only = option(arguments, "--only")
    output = directory / "measured.json"
    figures = {}
    if only != "simulation":
        if "--commit" not in arguments:
            arguments = ["--commit", commit(), *arguments]
        if program(*arguments, "--json", output).returncode != 0:
            return None
        figures |= json.loads(output.read_text(encoding="ascii"))["figures"]
    if only in (None, "simulation"):
        figures |= simulate("--quick" in arguments, directory)
    return figures


def main():
    arguments = sys.argv[1:]
    directory, old = scale.read_options(arguments)
    if old is not None:
        draw_all(old, directory)
        return 0
    if "--help" in arguments:
        print(__doc__, flush=True)
        return program("--help").returncode
    wanted = scale.take(arguments, "--json")
    try:
        if wanted:
            writable(wanted)
    except argparse.ArgumentTypeError as error:
        sys.exit(f"coding: --json: {error}")
    with tempfile.TemporaryDirectory() as temporary:
        figures = measure(arguments, pathlib.Path(temporary))
    if figures is None:
        return 1
    if wanted:
        wanted.write_text(json.dumps({"benchmark": "coding", "figures": figures}) + "\n",
                          encoding="ascii")
    if directory:
        draw_all(figures, directory)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FileNotFoundError as error:
        sys.exit(f"coding: {error.filename} is not there: ./run bench builds Ferry and installs "
                 "the package gnuplot-nox")
    except subprocess.CalledProcessError as error:
        sys.exit(f"coding: {error.cmd[0]}: exit status {error.returncode}")
