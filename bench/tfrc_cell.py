# SPDX-License-Identifier: BSD-3-Clause
"""One Ferry link beside TCP flows across one bottleneck, in network namespaces of their own.

    node 1 -- left (router, TCP senders) -- line: ferry-impair -- right (router, receivers) -- node 2

Rate, queue and delay are the line's alone. Frames of both kinds are equally large. What enters the
line and what comes out of it is captured there and counted.
"""
import json
import math
import os
import pathlib
import re
import shutil
import tempfile
import time
from dataclasses import dataclass

from here import BUILD
from harness.child import forget_at_exit
from harness.netns import veth
from harness.program import Process, until
from harness.stage import Stage
from tfrc_capture import SNAP, Capture

PAYLOAD = 1300
OUTER = 14 + 20 + 8
FRAME = OUTER + 24 + 6 + 24 + PAYLOAD  # link header, Pathlet, session header
FIRST_PORT = 5201
SOCKET_BYTES = 16 << 20


def configuration(number, rate, pacing):
    peer = 3 - number
    return {
        "node": {"id": number, "name": f"tfrc-{os.getpid()}-{number}", "drain": 0},
        "ports": [{"name": "wan", "device": "net_af_packet0,iface=eth0",
                   "addresses": [f"10.{number}.0.2/24"], "gateways": [f"10.{number}.0.1"]}],
        "peers": [{"id": peer, "address": f"10.{peer}.0.2", **({"pacing": pacing} if pacing else {})}],
        "conferences": [{"id": 1, "sessions": [{
            "id": 1, "source": 1, "destinations": [2], "flows": [{"path": "2"}], "rate": rate,
            "ingress": {"generator": {"size": PAYLOAD}}, "egress": [{"node": 2, "sink": True}]}]}]}


class CellError(RuntimeError):
    pass


@dataclass(frozen=True)
class Cell:
    rtt_ms: float
    mbit: float
    buffer: float  # bandwidth-delay products
    flows: int = 1
    control: str = "reno"

    @staticmethod
    def parse(text):
        """ "50ms,10Mbit,1[,FLOWS[,reno|cubic]]" """
        found = re.fullmatch(r"([\d.]+)ms,([\d.]+)Mbit,([\d.]+)(?:,(\d+)(?:,(reno|cubic))?)?", text)
        if not found:
            raise ValueError(f"\"{text}\" is no cell, it must be RTT,RATE,BUFFER[,FLOWS[,reno|cubic]]"
                             ", as 50ms,10Mbit,1 or 50ms,10Mbit,1,2,cubic; the buffer counts "
                             "bandwidth-delay products")
        cell = Cell(float(found[1]), float(found[2]), float(found[3]), int(found[4] or 1),
                    found[5] or "reno")
        if not (1 <= cell.rtt_ms <= 1000 and 0.5 <= cell.mbit <= 200 and 0.1 <= cell.buffer <= 10
                and 1 <= cell.flows <= 16):
            raise ValueError(f"\"{text}\": the RTT must be 1 to 1000 ms, the rate 0.5 to 200 Mbit/s, "
                             "the buffer 0.1 to 10, the flows 1 to 16")
        if cell.rtt_ms * 1000 < 2 * cell.jitter_us:
            raise ValueError(f"\"{text}\": the RTT must be the time of two frames of {FRAME} bytes "
                             f"at least, {2 * cell.jitter_us / 1000:g} ms at this rate")
        return cell

    def __str__(self):
        text = f"{self.rtt_ms:g}ms,{self.mbit:g}Mbit,{self.buffer:g}"
        if self.flows != 1 or self.control != "reno":
            text += f",{self.flows}"
        return text + (f",{self.control}" if self.control != "reno" else "")

    @property
    def jitter_us(self):
        """Of the way back: the time of a frame on the line. Else TCP, whose next frame leaves when
        one has left the queue, always finds room there, and who sends by a clock never does
        (Floyd and Jacobson, "On Traffic Phase Effects in Packet-Switched Gateways", 1992)."""
        return round(FRAME * 8 / self.mbit)

    @property
    def queue(self):
        """Bytes; never less than two frames."""
        return max(round(self.rtt_ms * self.mbit * 125 * self.buffer), 2 * 1514)

    @property
    def frames(self):
        """That may be under way in one direction, twice what fits if all are full; on the way back
        there is at most an answer to each."""
        bytes_ = self.queue + self.rtt_ms / 2 * self.mbit * 125
        return max(8192, 2 * math.ceil(bytes_ / FRAME))


class Network:
    """Namespaces, the line, the nodes: put up by create() and start_...(), gone after close()."""

    def __init__(self, cell, pacing):
        self.cell, self.pacing = cell, pacing
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ferry-tfrc-"))
        self.stage = Stage()
        self.watch, self.links = False, []  # note what node 1 says of its link

    def create(self):
        self.spaces = {name: self.stage.namespace(name)
                       for name in ("node1", "left", "line", "right", "node2")}
        buffers = f"4096 131072 {SOCKET_BYTES}"
        for number, name in ((1, "left"), (2, "right")):
            router = self.spaces[name]
            for key, value in (("ip_forward", 1), ("tcp_no_metrics_save", 1), ("tcp_rmem", buffers),
                               ("tcp_wmem", buffers)):
                router.sysctl(f"net.ipv4.{key}", value)
            veth(router, "line", self.spaces["line"], name)
            veth(router, "node", self.spaces[f"node{number}"], "eth0")
            router.speak("line", f"10.9.0.{number}/24")
            router.speak("node", f"10.{number}.0.1/24")
            other = 3 - number
            router.run("ip", "route", "add", f"10.{other}.0.0/24", "via", f"10.9.0.{other}")
            # TCP's frames are as large as Ferry's.
            router.run("ip", "route", "add", f"10.9.0.{other}/32", "dev", "line", "mtu", "lock", FRAME - 14)

    def process(self, space, name, *command):
        process = Process(name, self.spaces[space], self.directory / f"{name}.log")
        self.stage.programs.append(process)
        return process.spawn(*command)

    def start_line(self):
        cell = self.cell
        delay, jitter = cell.rtt_ms / 2 * 1000, cell.jitter_us
        self.line = self.process(
            "line", "ferry-impair", BUILD / "drivers" / "ferry-impair", "--json", "--there",
            f"delay={delay:.0f}us,rate={cell.mbit * 1000:.0f}kbit,queue={cell.queue},"
            f"frames={cell.frames}", "--back",
            f"delay={delay - jitter / 2:.0f}us,jitter={jitter}us,frames={cell.frames}",
            "left", "right")
        forget_at_exit(f"ferry-impair-{self.line.process.pid}")
        self.line.wait_log("ready", 20)

    def start_nodes(self):
        self.nodes = [self.stage.node(self.spaces[f"node{number}"], configuration(
            number, round(self.cell.mbit * 1.2e6), self.pacing), start=False) for number in (1, 2)]
        for node in self.nodes:
            node.start(wait=False)
        for node in self.nodes:
            node.wait_ready()
        until(lambda: self.nodes[1].destination(1, 1)["packets"] > 0, 20,
              lambda: f"something comes from node 1 to node 2:\n{self.nodes[0].log()}", pause=0.1)

    def capture(self, name):
        path = self.directory / f"{name}.pcap"
        last = FIRST_PORT + self.cell.flows - 1
        port = f"tcp dst portrange {FIRST_PORT}-{last}"
        direction = "10.1.0.2 or src host 10.9.0.1"
        self.process(name, f"dumpcap-{name}", "dumpcap", "-q", "-P", "-i", "line", "-s", SNAP, "-B",
                     16, "-f", f"(src host {direction}) and (udp dst port 13779 or {port})", "-w", path)
        return path

    def start_tcp(self, seconds):
        ports = range(FIRST_PORT, FIRST_PORT + self.cell.flows)
        for port in ports:
            self.process("right", f"iperf3-server-{port}", "iperf3", "-s", "-1", "-p", port)
        right = self.spaces["right"]
        until(lambda: all(f":{port} " in right.run("ss", "-ltn").stdout for port in ports), 10,
              "iperf3 listens", pause=0.05)
        self.clients = [self.process("left", f"iperf3-{port}", "iperf3", "-c", "10.9.0.2", "-p", port,
                                     "-t", seconds, "-C", self.cell.control) for port in ports]

    def wait(self, seconds):
        """And nothing may end meanwhile but the TCP servers."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for process in (*self.clients, self.line, *self.nodes):
                process.check()
            if self.watch:
                self.links.append({"time": time.time(), "links": self.nodes[0].show("links")})
            time.sleep(min(0.5, max(0.0, end - time.monotonic())))

    def end_line(self):
        self.line.stop()
        return json.loads(next(line for line in self.line.log().splitlines() if line.startswith("{")))

    def close(self):
        self.stage.close()
        shutil.rmtree(self.directory, ignore_errors=True)


@dataclass
class Result:
    """Its fields, but for the cell, are what a file of saved results holds of it."""
    cell: Cell
    ferry_mbit: float
    tcp_mbit: list
    share: float  # Ferry's rate over the mean of the TCP flows'
    used: float  # of the line's rate, by all of them
    loss_ferry: float
    loss_tcp: float
    cov_ferry: float  # of what is sent, over intervals of one round-trip time
    cov_tcp: float
    cov_ferry_second: float  # ... of one second
    cov_tcp_second: float
    late_p99_us: float  # of the line
    late_max_us: float
    frames: tuple  # largest of Ferry and of TCP
    series: dict  # by flow, of what came: Mbit/s in each second, warm-up included

    @property
    def cov_ratio(self):
        return self.cov_ferry / self.cov_tcp


def mean(values):
    return sum(values) / len(values)


def judge(cell, paths, begin, end, line, warm_up):
    sent, came = Capture(paths[0]), Capture(paths[1])
    ports = range(FIRST_PORT, FIRST_PORT + cell.flows)
    flows = ["ferry", *ports]
    bits = {flow: came.within(flow, begin, end)[1] * 8e-6 / (end - begin) for flow in flows}
    for flow in flows:
        if bits[flow] == 0:
            raise CellError(f"{cell}: flow {flow} got nothing in the time that is measured")
    lost = {flow: sent.lost(flow, begin, end, came) for flow in flows}
    tcp = [bits[port] for port in ports]

    def variation(interval):
        return (sent.variation("ferry", begin, end, interval),
                mean([sent.variation(port, begin, end, interval) for port in ports]))

    cov, second = variation(cell.rtt_ms * 1e-3), variation(1.0)
    way = line["directions"][0]
    if way["missed"] or way["refused"] or way["losses"]["frames_full"]:
        raise CellError(f"{cell}: the line itself lost frames: {way}")
    return Result(cell, bits["ferry"], tcp, bits["ferry"] / mean(tcp), sum(bits.values()) / cell.mbit,
                  lost["ferry"], mean([lost[port] for port in ports]), *cov, *second,
                  way["late_us"]["p99"], way["late_us"]["max"],
                  (came.largest("ferry"), max(came.largest(port) for port in ports)),
                  {flow: came.by_second(flow, begin - warm_up, int(end - begin + warm_up))
                   for flow in flows})


def keep(network, paths, directory):
    """Copies the captures, and what node 1 says of its link."""
    directory.mkdir(parents=True, exist_ok=True)
    for path in paths:
        shutil.copy(path, directory)
    (directory / "links.json").write_text(
        "".join(json.dumps(line) + "\n" for line in network.links), encoding="ascii")


def measure(cell, lead, warm_up, seconds, pacing, kept=None):
    """Runs one cell: the link, TCP so many seconds later, and what is measured after the warm-up."""
    network = Network(cell, pacing)
    network.watch = kept is not None
    try:
        network.create()
        network.start_line()
        paths = [network.capture("left"), network.capture("right")]
        network.start_nodes()
        time.sleep(lead)
        network.start_tcp(warm_up + seconds + 5)
        network.wait(warm_up)
        begin = time.time()
        network.wait(seconds)
        end = begin + seconds
        time.sleep(1)  # until dumpcap has written it
        if kept is not None:
            keep(network, paths, kept)
        return judge(cell, paths, begin, end, network.end_line(), warm_up)
    finally:
        network.close()
