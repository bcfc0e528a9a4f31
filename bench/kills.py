#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Fifteen nodes and their root program, sessions between them, and one after the other is killed.

Real processes in namespaces that know their ports, the root's address and their certificates: one
root node, four relays, ten leaves. Fifteen sessions installed by the root flow all the time: fourteen
of numbered datagrams, one with the demo's video. Any node or the root program, drawn at random, is
killed (SIGKILL), is dead for up to a second and starts again. It fails if the root's picture is not
right again within 3 s, or if a session loses a datagram though a way that avoids the dead node leads
to its destination.
"""
import argparse
import json
import pathlib
import signal
import statistics
import sys
import time

import here  # noqa: F401
from harness.fifteen import KINDS, RIGHT_SECONDS, Fifteen, victims
from harness.stage import Stage, why_not
from options import at_least, writable

SKIPPED = 77
LIMIT_SECONDS = 30  # who is later than RIGHT_SECONDS is told of; who is so late ends the benchmark


def kind_of(victim):
    return next(kind for kind, members in KINDS.items() if victim in members)


def print_kinds(rows):
    print(f"\n{'killed':8} {'times':>5} {'right: median':>14} {'max':>7} "
          f"{'flows: median':>14} {'max':>7}")
    for kind in KINDS:
        of = [(right, flows) for victim, right, flows in rows if kind_of(victim) == kind]
        if not of:
            continue
        rights, flows = zip(*of)
        print(f"{kind:8} {len(of):5} {statistics.median(rights):12.2f} s {max(rights):5.2f} s "
              f"{statistics.median(flows):12.2f} s {max(flows):5.2f} s")


def run(network, options):
    """(victim, s until the picture was right, s until all flowed) of each kill; what lost what it must not; and why
    it ended early: after a kill that nothing was right after."""
    rows = []
    network.start()
    for number, (victim, dead) in enumerate(victims(options.kills, options.seed), 1):
        try:
            right, flows = network.kill(victim, dead, LIMIT_SECONDS)
        except AssertionError as error:
            network.traffic.stop()
            return rows, [], f"kill {number}, of {victim}: {error}"
        rows.append((victim, right, flows))
        outages = network.traffic.outages
        print(f"{number:3} {outages[-1].down - outages[0].down:7.2f} s: {kind_of(victim):8} "
              f"{victim:>3} dead for {dead:4.2f} s, right after {right:4.2f} s, all flow after "
              f"{flows:4.2f} s", flush=True)
    return rows, network.finish(), None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--kills", type=at_least(1), default=50, help="so many (50)")
    parser.add_argument("--seed", type=int, default=6, help="of who is killed (6)")
    parser.add_argument("--pps", type=at_least(1), default=50,
                        help="datagrams a second and session (50)")
    parser.add_argument("--json", metavar="FILE", type=writable, help="writes the figures to FILE")
    options = parser.parse_args()
    reason = why_not()
    if reason is not None:
        print(f"bench kills: skipped: {reason}")
        return SKIPPED
    stage = Stage()
    network = None
    begin = time.monotonic()
    try:
        # Fifteen at once may not all get the hugepages that each sees.
        network = Fifteen(stage, options.pps, eal=["--no-huge", "--no-shconf", "-m", "256"])
        rows, wrong, never = run(network, options)
        sent, delivered, lost = network.counts()
    finally:
        if network is not None:
            network.close()
        stage.close()
    print_kinds(rows)
    print(f"\n{time.monotonic() - begin:.0f} s; {sent} datagrams sent, {delivered} delivered, {lost} "
          "lost for want of the node that was dead")
    for sentence in wrong:
        print(f"WRONG: {sentence}")
    if never:
        print(f"NEVER: {never}")
    if not rows:
        return 1
    rights, flows = [row[1] for row in rows], [row[2] for row in rows]
    late = sum(right > RIGHT_SECONDS for right in rights) + bool(never)
    if late:
        print(f"LATE: the picture was not right within {RIGHT_SECONDS} s {late} times")
    figures = {"kills": len(rows), "right_max_s": max(rights), "late": late,
               "right_median_s": statistics.median(rights), "flows_max_s": max(flows),
               "sent": sent, "delivered": delivered, "lost_through_the_dead": lost,
               "pairs_wrong": len(wrong)}
    if options.json:
        pathlib.Path(options.json).write_text(
            json.dumps({"benchmark": "kills", "figures": figures}, indent=2) + "\n",
            encoding="ascii")
    return 1 if wrong or late else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # nodes and namespaces go in any case
    sys.exit(main())
