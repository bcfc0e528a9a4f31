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
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass

from child import begin_child, forget_at_exit
from tfrc_capture import SNAP, Capture

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("FERRY_BUILD", ROOT / "build")).resolve()
PAYLOAD = 1300
OUTER = 14 + 20 + 8
FRAME = OUTER + 24 + 6 + 24 + PAYLOAD  # link header, Pathlet, session header
FIRST_PORT = 5201
SOCKET_BYTES = 16 << 20

NODE = """
node = {{ id = {id}; name = "{name}"; socket = "{socket}"; drain = 0; }};
ports = ( {{ name = "wan"; device = "net_af_packet0,iface=eth0"; addresses = [ "10.{id}.0.2/24" ];
	gateways = [ "10.{id}.0.1" ]; }} );
peers = ( {{ id = {peer}; address = "10.{peer}.0.2"; {pacing} }} );
conferences = ( {{ id = 1; sessions = ( {{ id = 1; source = 1; destinations = [ 2 ];
	flows = ( {{ path = "2"; }} ); rate = {rate};
	ingress = {{ generator = {{ size = {size}; }}; }}; egress = ( {{ node = 2; sink = true; }} );
}} ); }} );
"""


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


def run(*command, check=True):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=False, timeout=60)
    if check and done.returncode != 0:
        raise CellError(f"{' '.join(map(str, command))}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


class Network:
    """Namespaces, the line, the nodes: put up by start(), gone after close()."""

    def __init__(self, cell, pacing):
        self.cell, self.pacing = cell, pacing
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ferry-tfrc-"))
        self.prefix = f"ferry-tfrc-{os.getpid()}-"
        self.names, self.processes, self.files = [], [], []
        self.watch, self.links = False, []  # note what node 1 says of its link

    @staticmethod
    def node_name(number):
        return f"tfrc-{os.getpid()}-{number}"

    def inside(self, name, *command):
        return ["ip", "netns", "exec", self.prefix + name, *[str(word) for word in command]]

    def popen(self, name, *command, log=None, **kwargs):
        out = open(self.directory / log, "wb") if log else subprocess.DEVNULL
        if log:
            self.files.append(out)
        kwargs = {"stdout": out, "stderr": subprocess.STDOUT if log else subprocess.DEVNULL, **kwargs}
        process = subprocess.Popen(self.inside(name, *command), stdin=subprocess.DEVNULL,
                                   preexec_fn=begin_child, start_new_session=True, **kwargs)
        self.processes.append(process)
        return process

    def _namespace(self, name, **sysctls):
        run("ip", "netns", "add", self.prefix + name)
        self.names.append(name)
        sysctls = {"net.ipv6.conf.all.disable_ipv6": 1, "net.ipv6.conf.default.disable_ipv6": 1,
                   **{key.replace("__", "."): value for key, value in sysctls.items()}}
        for key, value in sysctls.items():
            path = "/proc/sys/" + key.replace(".", "/")
            run(*self.inside(name, "sh", "-c", f"echo {value} > {path}"))
        run("ip", "-n", self.prefix + name, "link", "set", "lo", "up")

    def _veth(self, left, left_name, right, right_name):
        run("ip", "link", "add", left_name, "netns", self.prefix + left, "type", "veth", "peer",
            "name", right_name, "netns", self.prefix + right)
        for name, interface in ((left, left_name), (right, right_name)):
            run(*self.inside(name, "ethtool", "-K", interface, "tx", "off", "tso", "off", "gso",
                             "off", "gro", "off"))
            run("ip", "-n", self.prefix + name, "link", "set", interface, "up")

    def _ip(self, name, *arguments):
        run("ip", "-n", self.prefix + name, *arguments)

    def create(self):
        buffers = f"4096 131072 {SOCKET_BYTES}"
        router = {"net__ipv4__ip_forward": 1, "net__ipv4__tcp_no_metrics_save": 1,
                  "net__ipv4__tcp_rmem": buffers, "net__ipv4__tcp_wmem": buffers}
        for name in ("node1", "line", "node2"):
            self._namespace(name)
        for number, name in ((1, "left"), (2, "right")):
            self._namespace(name, **router)
            self._veth(name, "line", "line", name)
            self._veth(name, "node", f"node{number}", "eth0")
            self._ip(name, "address", "add", f"10.9.0.{number}/24", "dev", "line")
            self._ip(name, "address", "add", f"10.{number}.0.1/24", "dev", "node")
            self._ip(name, "route", "add", f"10.{3 - number}.0.0/24", "via", f"10.9.0.{3 - number}")
            # TCP's frames are as large as Ferry's.
            self._ip(name, "route", "add", f"10.9.0.{3 - number}/32", "dev", "line", "mtu", "lock",
                     str(FRAME - 14))

    def start_line(self):
        cell = self.cell
        delay, jitter = cell.rtt_ms / 2 * 1000, cell.jitter_us
        self.line = self.popen(
            "line", BUILD / "drivers" / "ferry-impair", "--json", "--there",
            f"delay={delay:.0f}us,rate={cell.mbit * 1000:.0f}kbit,queue={cell.queue},"
            f"frames={cell.frames}", "--back",
            f"delay={delay - jitter / 2:.0f}us,jitter={jitter}us,frames={cell.frames}",
            "left", "right", stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        forget_at_exit(f"ferry-impair-{self.line.pid}")
        said = []
        while not said or "ready" not in said[-1]:
            said.append(self.line.stderr.readline())
            if not said[-1]:
                raise CellError("ferry-impair did not start: " + "".join(said))

    def start_nodes(self):
        for number in (1, 2):
            name = f"node{number}"
            forget_at_exit(f"ferry-{self.node_name(number)}")
            (self.directory / f"{name}.cfg").write_text(NODE.format(
                id=number, peer=3 - number, name=self.node_name(number), size=PAYLOAD,
                socket=self.directory / f"{name}.sock", rate=round(self.cell.mbit * 1.2e6),
                pacing=f'pacing = "{self.pacing}";' if self.pacing else ""), encoding="ascii")
            self.popen(name, BUILD / "control" / "ferryd", "-c", self.directory / f"{name}.cfg",
                       log=f"{name}.log")

    def show(self, number, what):
        done = subprocess.run(
            [BUILD / "control" / "ferryctl", "-s", self.directory / f"node{number}.sock", "-j",
             "show", what], capture_output=True, text=True, timeout=10, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def wait_delivered(self):
        deadline = time.monotonic() + 20
        while True:
            shown = self.show(2, "sessions")
            if shown and shown[0]["destination"]["packets"] > 0:
                return
            if time.monotonic() > deadline:
                log = (self.directory / "node1.log").read_text(errors="replace")
                raise CellError(f"nothing came from node 1 to node 2:\n{log[-2000:]}")
            time.sleep(0.1)

    def capture(self, name):
        path = self.directory / f"{name}.pcap"
        last = FIRST_PORT + self.cell.flows - 1
        port = f"tcp dst portrange {FIRST_PORT}-{last}"
        direction = "10.1.0.2 or src host 10.9.0.1"
        self.popen(name, "dumpcap", "-q", "-P", "-i", "line", "-s", SNAP, "-B", 16, "-f",
                   f"(src host {direction}) and (udp dst port 13779 or {port})", "-w", path,
                   log=f"dumpcap-{name}.log")
        return path

    def start_tcp(self, seconds):
        ports = range(FIRST_PORT, FIRST_PORT + self.cell.flows)
        for port in ports:
            self.popen("right", "iperf3", "-s", "-1", "-p", port)
        deadline = time.monotonic() + 10
        while any(f":{port} " not in run(*self.inside("right", "ss", "-ltn")) for port in ports):
            if time.monotonic() > deadline:
                raise CellError("iperf3 does not listen")
            time.sleep(0.05)
        self.clients = [
            self.popen("left", "iperf3", "-c", "10.9.0.2", "-p", port, "-t", seconds, "-C",
                       self.cell.control, log=f"iperf3-{port}.log") for port in ports]

    def wait(self, seconds):
        """And nothing may end meanwhile but the TCP servers."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for client in self.clients:
                if client.poll() is not None:
                    logs = [path.read_text(errors="replace")[-500:]
                            for path in self.directory.glob("iperf3-*.log")]
                    raise CellError(f"a TCP flow ended early:\n{''.join(logs)}")
            if self.line.poll() is not None:
                raise CellError("ferry-impair ended: " + self.line.stderr.read())
            if self.watch:
                self.links.append({"time": time.time(), "links": self.show(1, "links")})
            time.sleep(min(0.5, max(0.0, end - time.monotonic())))

    def end_line(self):
        self.line.send_signal(signal.SIGTERM)
        out, _ = self.line.communicate(timeout=10)
        return json.loads(out.splitlines()[-1])

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in self.processes:
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for file in self.files:
            file.close()
        for name in self.names:
            run("ip", "netns", "delete", self.prefix + name, check=False)
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
        network.wait_delivered()
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
