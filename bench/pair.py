#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Pairs Ferry with dpdk-testpmd over memif, and counts what comes through.

    testpmd txonly --memif-> ferryd (source) --memif-> ferryd (destination) --memif-> testpmd icmpecho

The first testpmd sends UDP to a session's ingress as fast as it can; the last counts at the egress,
in the mode icmpecho, in which it also answers the ARP requests of its neighbour. The reference,
measured in turn with it, is the same two testpmds with nothing between them.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import sys
import tempfile
import time

import here  # noqa: F401
from harness.node import Node
from harness.program import Failed
from options import writable
from testpmd import Testpmd

HEADERS = 14 + 20 + 8  # Ethernet, IPv4, UDP: what testpmd's packet sizes count too


def memif(index, role, socket, mac):
    return (f"net_memif{index},role={role},id=0,socket={socket},socket-abstract=no,rsize=11,"
            f"mac=02:00:00:00:00:{mac:02x}")


class Run:
    """One measurement: what testpmd sent, what came to the other end, in a time."""

    def __init__(self, directory, options):
        self.directory = directory
        self.options = options
        self.processes, self.nodes = [], {}

    def wire(self, number):
        return self.directory / f"wire{number}.sock"

    def testpmd(self, name, device, *options):
        process = Testpmd(f"{self.directory.name}-{name}", device, self.directory / f"{name}.log",
                          *options)
        self.processes.append(process)
        return process

    def receiver(self, wire, role):
        counter = self.testpmd("counter", memif(0, role, wire, 0x14), "--forward-mode=icmpecho")
        counter.start()
        return counter

    def sender(self, wire):
        return self.testpmd("sender", memif(0, "client", wire, 0x11), "--forward-mode=txonly",
                            "--eth-peer=0,02:00:00:00:00:12", "--tx-ip=198.18.0.1,198.18.0.2",
                            "--tx-udp=9,9", f"--txpkts={self.options.size + HEADERS}")

    def measure(self, sender, counter):
        before, _ = counter.packets()
        begin = time.monotonic()
        sender.start()
        time.sleep(self.options.seconds)
        sender.stop()
        seconds = time.monotonic() - begin
        time.sleep(0.5)  # what is on its way
        _, sent = sender.packets()
        received, _ = counter.packets()
        return {"seconds": seconds, "sent": sent, "received": received - before}

    def quit(self):
        for node in self.nodes.values():
            node.delete()
        for process in reversed(self.processes):
            process.quit()


class Direct(Run):
    def run(self):
        # A memif port takes any destination MAC; the sender's packets are the same in both runs.
        counter = self.receiver(self.wire(0), "server")
        return self.measure(self.sender(self.wire(0)), counter)


class ThroughFerry(Run):
    def node(self, number, title, address, outside, inside):
        cpus = sorted(os.sched_getaffinity(0))
        own = len(cpus) >= 5  # one for each of the four that poll, and one for the rest
        session = {"id": 1, "source": 1, "destinations": [2], "flows": [{"path": "2"}],
                   "ingress": {"udp": "198.18.0.2:9"}, "egress": [{"node": 2, "udp": "198.18.1.2:9"}]}
        if self.options.rate:
            session["rate"] = round(self.options.rate * 1e6)
        node = Node(None, {
            "node": {"id": number, "name": f"pair-{os.getpid()}-{title}",
                     **({"idle": "poll", "cpus": [cpus[number]]} if own else {"idle": "adaptive"})},
            "ports": [{"name": "outside", "device": outside, "addresses": [address]},
                      {"name": "inside", "device": inside, "addresses": [f"198.18.2.{number}/24"]}],
            # Forwarding is measured, not rate control.
            "peers": [{"id": 3 - number, "address": f"198.18.2.{3 - number}", "port": "inside",
                       "pacing": "none"}],
            "conferences": [{"id": 1, "sessions": [session]}]})
        self.nodes[title] = node
        return node.start()

    def run(self):
        source = self.node(1, "source", "198.18.0.2/24", memif(0, "server", self.wire(0), 0x12),
                           memif(1, "server", self.wire(1), 0x21))
        # The server's end of a memif has to be there first.
        destination = self.node(2, "destination", "198.18.1.1/24",
                                memif(0, "server", self.wire(2), 0x13),
                                memif(1, "client", self.wire(1), 0x22))
        counter = self.receiver(self.wire(2), "client")
        source.wait_resolved()
        destination.wait_resolved()
        result = self.measure(self.sender(self.wire(0)), counter)
        result["source"] = source.source(1, 1)
        result["destination"] = destination.destination(1, 1)
        result["drops"] = {title: node.drops() for title, node in self.nodes.items()}
        return result


def measure(kind, options):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="ferry-pair-"))
    run = kind(directory, options)
    try:
        return run.run()
    finally:
        run.quit()
        shutil.rmtree(directory)


def mpps(packets, result):
    return packets / result["seconds"] / 1e6


def through(result):
    """Packets that went all the way. The counter counts its neighbour's ARP requests too."""
    if "destination" in result:
        return min(result["received"], result["destination"]["packets"])
    return result["received"]


def print_result(title, result):
    print(f"\n{title}, {result['seconds']:.1f} s")
    rows = [("sent by testpmd", result["sent"])]
    if "source" in result:
        rows += [("into the session", result["source"]["packets"]),
                 ("delivered by Ferry", result["destination"]["packets"])]
    rows.append(("received by testpmd", result["received"]))
    print(f"  {'':22}{'packets':>14}{'Mpps':>10}{'lost so far':>16}")
    for name, count in rows:
        lost = result["sent"] - count
        print(f"  {name:22}{count:14,}{mpps(count, result):10.3f}{lost:16,}"
              + (f" ({100 * lost / result['sent']:.2f} %)" if result["sent"] else ""))
    for node, drops in result.get("drops", {}).items():
        for reason, count in drops.items():
            print(f"  dropped by the {node}: {count:,} {reason}")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=5, help="of each run (default: 5)")
    parser.add_argument("--rounds", type=int, default=2,
                        help="runs of the reference and of Ferry, in turn (default: 2)")
    parser.add_argument("--size", type=int, default=1000, metavar="BYTES",
                        help="UDP payload, 22 to 1450 (default: 1000)")
    parser.add_argument("--rate", type=float, default=0, metavar="MBIT",
                        help="of the session in Mbit/s of payload; what testpmd sends beyond it is "
                        "dropped at the ingress (default: no limit)")
    parser.add_argument("--json", metavar="FILE", type=writable,
                        help="write the figures there too")
    options = parser.parse_args()
    if not (22 <= options.size <= 1450 and options.rounds >= 1 and options.seconds > 0
            and (options.rate == 0 or options.rate >= 1)):
        parser.error("--size must be 22 to 1450, --rounds at least 1, --seconds more than 0, "
                     "--rate at least 1")
    return options


def main():
    options = parse_arguments()
    direct, ferry = [], []
    for number in range(options.rounds):
        for kind, results, title in ((Direct, direct, "testpmd to testpmd"),
                                     (ThroughFerry, ferry, "through two nodes of Ferry")):
            results.append(measure(kind, options))
            print_result(f"round {number + 1}: {title}", results[-1])
    rate = {"direct": [mpps(through(result), result) for result in direct],
            "ferry": [mpps(through(result), result) for result in ferry]}
    ratios = [b / a if a else 0 for a, b in zip(rate["direct"], rate["ferry"])]
    print(f"\nFerry / direct: median {statistics.median(ratios):.3f}, "
          f"{min(ratios):.3f} to {max(ratios):.3f} in {options.rounds} rounds "
          f"on {len(os.sched_getaffinity(0))} CPUs")
    if options.json:
        figures = {"ratio": statistics.median(ratios), "ratio_min": min(ratios),
                   "ratio_max": max(ratios),
                   "direct_mpps": statistics.median(rate["direct"]),
                   "ferry_mpps": statistics.median(rate["ferry"])}
        pathlib.Path(options.json).write_text(
            json.dumps({"benchmark": "pair", "figures": figures}) + "\n", encoding="ascii")
    if not all(through(result) for result in direct + ferry):
        print("pair: nothing came through in at least one run", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started goes in any case
    try:
        sys.exit(main())
    except Failed as error:
        print(f"pair: {error}", file=sys.stderr)
        sys.exit(1)
    except FileNotFoundError as error:
        print(f"pair: {error.filename} is not there: ./run build, and the package dpdk-dev",
              file=sys.stderr)
        sys.exit(1)
