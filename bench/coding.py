#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the benchmark coding (coding.c) and, with --pictures DIR, draws its curves there as SVG.

It then runs the simulations of coding beside theory (--only simulation: nothing else), and takes
their figures over. All other options are the program's own: --help lists them. --figures FILE draws
the pictures of an earlier run's --json FILE, and runs nothing.
"""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile

from here import BUILD
from harness.child import run_to_its_end
from pictures import draw_all, points, program_arguments, read_options, write_json

SKIPPED = 77  # as the programs end that measured nothing
WHERE = (("near", "in cache"), ("far", "from memory"))
OUTPUTS = (1, 2, 4)


def own_rate(figures, outputs, where):
    return points(figures, rf"kernel{outputs}_gbytes_k(\d+)_{where}")


def isal_rate(figures, outputs, where):
    ratio = dict(points(figures, rf"encode{outputs}_ratio_isal_k(\d+)_{where}"))
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
           {f"{title}, {where}": points(figures, rf"{work}_gbps_k(\d+)_{key}")
            for work, title in works.items() for key, where in WHERE})


def program(*arguments):
    return run_to_its_end(["coding", *arguments], executable=BUILD / "bench" / "coding_measure")


def simulate(quick, directory):
    """Figures of coding beside theory, in virtual time (tests/sim)."""
    simulator = BUILD / "tests" / "sim" / "coding_sim"
    if not simulator.exists():
        print(f"\n{simulator} is not built: no figures of simulations")
        return {}
    output = directory / "simulation.json"
    print("\nSimulations beside theory", flush=True)
    subprocess.run([simulator, "--json", output, *(["--seconds", "1"] if quick else [])], check=True)
    return json.loads(output.read_text(encoding="ascii"))["figures"]


def measure(options, directory):
    """Exit status, and all figures."""
    output = directory / "measured.json"
    figures = {}
    if options.only != "simulation":
        status = program(*program_arguments(options, output))
        if status != 0:
            return status, {}
        figures |= json.loads(output.read_text(encoding="ascii"))["figures"]
    if options.only in (None, "simulation"):
        figures |= simulate(options.quick, directory)
    return 0, figures


def main():
    options = read_options(sys.argv[1:])
    if options.figures is not None:
        draw_all("coding", pictures(options.figures), options.pictures)
        return 0
    if options.help:
        print(__doc__, flush=True)
        return program("--help")
    with tempfile.TemporaryDirectory() as temporary:
        status, figures = measure(options, pathlib.Path(temporary))
    if status != 0:
        return status
    if not figures:
        print("coding: nothing was measured", file=sys.stderr)
        return SKIPPED
    write_json(options, "coding", figures)
    if options.pictures:
        draw_all("coding", pictures(figures), options.pictures)
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the program ends in any case
    try:
        sys.exit(main())
    except FileNotFoundError as error:
        sys.exit(f"coding: {error.filename} is not there: ./run bench builds Ferry and installs "
                 "the package gnuplot-nox")
    except subprocess.CalledProcessError as error:
        sys.exit(f"coding: {error.cmd[0]}: exit status {error.returncode}")
