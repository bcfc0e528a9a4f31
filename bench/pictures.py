# SPDX-License-Identifier: BSD-3-Clause
"""Curves of a benchmark's figures as SVG, by gnuplot; and the options of the scripts that draw them, which hand
the rest on to their program (scale.py, coding.py)."""
import argparse
import json
import pathlib
import re
import subprocess
import sys

from options import commit, writable

SETTING = """
set terminal svg size 800,480 dynamic enhanced background rgb 'white' font 'sans,13'
set grid
set key outside bottom center horizontal
"""


def points(figures, pattern):
    """Sorted (x, y) of the figures whose key matches; its one group is x."""
    found = [(float(match[1]), value) for key, value in figures.items()
             if (match := re.fullmatch(pattern, key))]
    return sorted(found)


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


def draw_all(benchmark, drawn, directory):
    """drawn: name, gnuplot's settings and curves of each picture."""
    for name, settings, curves in drawn:
        path = directory / f"{benchmark}_{name}.svg"
        if draw(path, settings, curves):
            print(f"picture: {path}")


def read_options(arguments):
    """All options, the program's too: whatever form they are given in, none is passed by. pictures is a directory
    that is there, figures what an earlier run found; None without."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--pictures", metavar="DIR", type=pathlib.Path)
    parser.add_argument("--figures", metavar="FILE", type=pathlib.Path)
    parser.add_argument("--json", metavar="FILE", type=writable)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("-h", "--help", action="store_true")
    for name in ("--only", "--runs", "--commit"):
        parser.add_argument(name)
    options = parser.parse_args(arguments)
    given = {key for key, value in vars(options).items() if value not in (None, False)}
    if options.figures and given != {"figures", "pictures"}:
        sys.exit("--figures FILE goes with --pictures DIR alone")
    try:
        if options.pictures:
            options.pictures.mkdir(parents=True, exist_ok=True)
        if options.figures:
            options.figures = json.loads(options.figures.read_text(encoding="ascii"))["figures"]
    except OSError as error:
        sys.exit(f"{error.filename}: it cannot be used: {error.strerror}")
    except (ValueError, KeyError, TypeError):
        sys.exit(f"--figures {options.figures}: it must be a file that --json wrote")
    return options


def program_arguments(options, output):
    """What the program is told; its figures go to output."""
    arguments = ["--json", output, "--commit", options.commit or commit()]
    for name in ("only", "runs"):
        if getattr(options, name) is not None:
            arguments += [f"--{name}", getattr(options, name)]
    return [*arguments, *(["--quick"] if options.quick else [])]


def write_json(options, benchmark, figures):
    if options.json:
        pathlib.Path(options.json).write_text(
            json.dumps({"benchmark": benchmark, "figures": figures}) + "\n", encoding="ascii")
