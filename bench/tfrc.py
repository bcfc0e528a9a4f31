#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Measures Ferry links under TFRC in virtual time (tfrc_sim.py), then a link beside real TCP flows
across one bottleneck.

Without --cell: 18 cells beside one Reno flow (round-trip times 10, 50, 150 ms; 10 and 50 Mbit/s;
buffers of 0.5, 1 and 2 bandwidth-delay products), and the middle one also beside 2 and 4 Reno flows and
beside CUBIC, five times each: about an hour.
"""
import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile

import tfrc_sim
from here import BUILD
from options import SKIPPED, at_least, set_default, writable
from harness.program import Failed
from tfrc_cell import Cell, CellError, measure
from tfrc_saved import Saved, programs

GRID = [Cell(rtt, mbit, buffer) for rtt in (10, 50, 150) for mbit in (10, 50)
        for buffer in (0.5, 1, 2)]
MIDDLE = Cell(50, 10, 1)
BESIDE_MIDDLE = [MIDDLE, Cell(50, 10, 1, 2), Cell(50, 10, 1, 4), Cell(50, 10, 1, 1, "cubic")]
PACED = """node = { id = 1; };
ports = ( { name = "p"; device = "net_null0"; addresses = [ "10.0.0.1/24" ]; } );
peers = ( { id = 2; address = "10.0.0.2"; pacing = "%s"; } );
"""
PROGRAMS = (BUILD / "control" / "ferryd", BUILD / "drivers" / "ferry-impair")
HEADS = ("cell", "Ferry", "TCP, mean", "share", "used", "lost", "TCP", "CoV/RTT", "TCP", "CoV/s",
         "TCP", "late p99", "max us")


def plan(options):
    """Cells in the order in which they run."""
    if options.cell:
        return [cell for cell in options.cell for _ in range(options.runs or 1)]
    runs = options.runs or 5
    cells = [cell for cell in GRID if cell != MIDDLE]
    return cells + [cell for _ in range(runs) for cell in BESIDE_MIDDLE]


def row(result):
    tcp = statistics.fmean(result.tcp_mbit)
    return (str(result.cell), f"{result.ferry_mbit:.2f}", f"{tcp:.2f}", f"{result.share:.2f}",
            f"{result.used:.3f}", f"{result.loss_ferry:.5f}", f"{result.loss_tcp:.5f}",
            f"{result.cov_ferry:.3f}", f"{result.cov_tcp:.3f}", f"{result.cov_ferry_second:.3f}",
            f"{result.cov_tcp_second:.3f}", f"{result.late_p99_us:.0f}",
            f"{result.late_max_us:.0f}")


def print_row(cells):
    widths = (22, 7, 10, 6, 6, 7, 7, 8, 7, 7, 7, 9, 8)
    print("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                    for i, (cell, width) in enumerate(zip(cells, widths))), flush=True)


def by_cell(results):
    cells = {}
    for result in results:
        cells.setdefault(result.cell, []).append(result)
    return cells


def spread(values):
    values = list(values)
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def figures(results):
    """Of each cell beside one Reno flow the median of its runs; the shares beside others by themselves."""
    cells = {cell: runs for cell, runs in by_cell(results).items()
             if cell.control == "reno" and cell.flows == 1}
    shares = [statistics.median(run.share for run in runs) for runs in cells.values()]
    covs = [statistics.median(run.cov_ratio for run in runs) for runs in cells.values()]
    figures_ = {}
    if cells:
        figures_ = {"tcp_share_min": min(shares), "tcp_share_max": max(shares),
                    "cov_ratio_to_tcp": statistics.median(covs),
                    "cov_ratio_to_tcp_max": max(covs)}
    for flows in sorted({run.cell.flows for run in results} - {1}):
        of = [run.share for run in results if run.cell.control == "reno" and run.cell.flows == flows]
        if of:
            figures_[f"share_beside_{flows}_reno"] = statistics.median(of)
    cubic = [run.share for run in results if run.cell.control == "cubic"]
    if cubic:
        figures_["cubic_share"] = statistics.median(cubic)
    return {key: round(value, 4) for key, value in figures_.items()}


def summarize(results):
    for cell, runs in by_cell(results).items():
        if len(runs) > 1:
            print(f"{cell}: {len(runs)} runs: share {spread(run.share for run in runs)}, CoV "
                  f"over TCP's {spread(run.cov_ratio for run in runs)}")
    print(", ".join(f"{key} {value:g}" for key, value in figures(results).items()))


def write_series(path, results):
    lines = ["run,cell,flow,second,mbit"]
    for number, result in enumerate(results):
        for flow, rates in result.series.items():
            lines += [f'{number},"{result.cell}",{flow},{second},{rate:.4f}'
                      for second, rate in enumerate(rates)]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def cell(text):
    try:
        return Cell.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def pacing(text):
    """As a node's own check has it."""
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as file:
        file.write(PACED % text)
        file.flush()
        done = subprocess.run([BUILD / "control" / "ferryd", "--check", "-c", file.name],
                              capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise argparse.ArgumentTypeError(done.stderr.replace(f"{file.name}:", "").strip())
    return text


def parse_arguments():
    parser = argparse.ArgumentParser(prog="run bench tfrc", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cell", type=cell, action="append", metavar="RTT,RATE,BUFFER[,FLOWS[,CC]]",
                        help="only this one, as 50ms,10Mbit,1 or 50ms,10Mbit,1,2,cubic; may be "
                        "repeated")
    parser.add_argument("--runs", type=at_least(1),
                        help="of each cell (default: 5 of the middle one, else 1)")
    parser.add_argument("--lead", type=at_least(0, float), metavar="SECONDS",
                        help="by which the link starts before TCP (default: 5)")
    parser.add_argument("--warm-up", type=at_least(0, float), metavar="SECONDS",
                        help="before what is measured (default: 15)")
    parser.add_argument("--seconds", type=at_least(1, float), help="measured (default: 60)")
    parser.add_argument("--pacing", metavar="TEXT", type=pacing,
                        help="of the link, as in ferry.cfg (default: the node's default)")
    parser.add_argument("--quick", action="store_true",
                        help="one short cell: that it works; the figures are worth nothing")
    parser.add_argument("--series", metavar="FILE", type=pathlib.Path,
                        help="write what each flow got in each second there, as CSV")
    parser.add_argument("--json", metavar="FILE", type=writable,
                        help="write the figures there too")
    parser.add_argument("--save", metavar="FILE", type=pathlib.Path,
                        help="add each run's result there as it ends; runs that are there already, "
                        "of the same build and with the same options, are not measured again")
    parser.add_argument("--keep", metavar="DIR", type=pathlib.Path,
                        help="keep each run's captures there, and what its link told of itself")
    parser.add_argument("--sim", action="store_true", help="only what runs in virtual time")
    parser.add_argument("--seeds", type=at_least(1),
                        help="of the scenes of 2 to 32 simulated links (default: 10)")
    parser.add_argument("--plots", metavar="DIR", help="write an SVG of each simulated scene there")
    options = parser.parse_args()
    if options.quick:
        options.cell = options.cell or [Cell(20, 10, 1)]
    if options.cell and not options.sim and (options.plots or options.seeds):
        parser.error("--plots and --seeds are of what runs in virtual time: --sim beside --cell or --quick")
    set_default(options, runs=(None, 1), lead=(5, 1), warm_up=(15, 3), seconds=(60, 4), seeds=(10, 10))
    return options


def run_cells(cells, options):
    saved = Saved(options.save, {"programs": programs(*PROGRAMS),
                                 **{key: getattr(options, key)
                                    for key in ("lead", "warm_up", "seconds", "pacing")}})
    results = []
    for number, one in enumerate(cells):
        result = saved.take(one)
        if result is None:
            kept = options.keep / f"{number}-{one}" if options.keep else None
            result = measure(one, options.lead, options.warm_up, options.seconds, options.pacing, kept)
            if result.frames[0] != result.frames[1]:
                raise CellError("frames of Ferry and of TCP have {} and {} bytes, they must be "
                                "equally large".format(*result.frames))
            saved.add(result)
        results.append(result)
        print_row(row(result))
    return results


def write_json(options, values):
    if options.json:
        pathlib.Path(options.json).write_text(
            json.dumps({"benchmark": "tfrc", "figures": values}) + "\n", encoding="ascii")


def main():
    options = parse_arguments()
    if not options.sim and os.geteuid() != 0:
        print("tfrc: needs root, for its network namespaces; --sim does not", file=sys.stderr)
        return SKIPPED
    simulated = {}
    if options.sim or not options.cell:
        simulated = tfrc_sim.measure(options)
    if options.sim:
        write_json(options, simulated)
        return 0
    cells = plan(options)
    minutes = len(cells) * (options.lead + options.warm_up + options.seconds + 4) / 60
    print(f"{len(cells)} runs, about {minutes:.0f} minutes; rates in Mbit/s of frames as they leave the "
          "line, share = Ferry / mean TCP\nflow, lost on the line, CoV of the rates as sent over "
          "intervals of one RTT and of 1 s, how late the line was")
    print_row(HEADS)
    results = run_cells(cells, options)
    summarize(results)
    if options.series:
        write_series(options.series, results)
    write_json(options, {**simulated, **figures(results)})
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # namespaces go in any case
    try:
        sys.exit(main())
    except (Failed, RuntimeError) as error:
        print(f"tfrc: {error}", file=sys.stderr)
        sys.exit(1)
    except FileNotFoundError as error:
        print(f"tfrc: {error.filename} is not there: ./run build, and the packages iperf3, tshark, "
              "ethtool", file=sys.stderr)
        sys.exit(1)
