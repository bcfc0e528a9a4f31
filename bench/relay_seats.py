# SPDX-License-Identifier: BSD-3-Clause
"""The processes of bench/relay and bench/destination: the generator, and who sits opposite of it."""
import json
import os
import pathlib
import re
import signal
import subprocess
import time

from child import begin_child, forget_at_exit
from testpmd import testpmd_program

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("FERRY_BUILD", ROOT / "build"))
DESCRIPTORS = 1024  # of rings: memif's, and a device's receive and send queue
MEMORY_MIB = 256  # of each process


class SeatError(RuntimeError):
    pass


def _is_pci(device):
    return re.match(r"([0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]", device, re.I) is not None


def device_arguments(device):
    """Of the EAL, for a device as a user names it: PCI address or virtual device."""
    return [f"--allow={device}"] if _is_pci(device) else ["--no-pci", f"--vdev={device}"]


def memif_pair(socket, memory):
    """The seat's device, the generator's, and the generator's memory: its frames lie where the seat
    reads them, and the seat writes where it reads, so that it need not copy."""
    def device(role, mac):
        return (f"net_memif0,role={role},id=0,socket={socket},socket-abstract=no,"
                f"rsize={DESCRIPTORS.bit_length() - 1},mac=02:00:00:00:{mac}")
    return (device("server", "02:00"), device("client", "01:00") + ",zero-copy=yes",
            [*memory, "--single-file-segments"])


def free_hugepages_mib():
    path = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages")
    return 2 * int(path.read_text(encoding="ascii")) if path.exists() else 0


def memory_arguments(huge):
    if huge:
        return ["--in-memory", "-m", str(MEMORY_MIB)]
    return ["--no-huge", "--no-shconf", "-m", str(MEMORY_MIB)]


def stolen(cpu):
    """Seconds for which the host had the CPU while we would have used it (proc(5), steal)."""
    for line in pathlib.Path("/proc/stat").read_text(encoding="ascii").splitlines():
        if line.startswith(f"cpu{cpu} "):
            return int(line.split()[8]) / os.sysconf("SC_CLK_TCK")
    raise SeatError(f"/proc/stat has no CPU {cpu}")


class Process:
    """A child whose output goes to a file, and that ends with us."""

    def __init__(self, command, log, **options):
        self.command = [str(word) for word in command]
        self.log = log
        with open(log, "wb") as out:
            try:
                self.process = subprocess.Popen(
                    self.command, stdin=subprocess.PIPE, stderr=out,
                    stdout=options.get("stdout", out), text=True, bufsize=1,
                    preexec_fn=begin_child, start_new_session=True)
            except FileNotFoundError as error:
                raise SeatError(f"{error.filename} is not there: ./run bench builds Ferry and "
                                "installs the package dpdk-dev") from error

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def die(self, what):
        raise SeatError(f"{' '.join(self.command)}: {what}:\n{self.text()[-2000:]}")

    def check(self):
        if self.process.poll() is not None:
            self.die(f"ended with {self.process.returncode}")

    def wait_text(self, pattern, seconds):
        deadline = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.text())
            if found:
                return found
            self.check()
            if time.monotonic() > deadline:
                self.die(f'no "{pattern}" in {seconds} s')
            time.sleep(0.05)

    def end(self, how):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            try:
                how()
                self.process.wait(10)
            except (BrokenPipeError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()


class Generator(Process):
    """relay_generator.c: the device is its port 0."""

    def __init__(self, directory, device, cpus, memory, name="generator"):
        super().__init__(
            [BUILD / "bench" / "relay_generator", f"--lcores=0@{cpus[0]},1@{cpus[1]}",
             "--main-lcore=0", "--log-level=error",
             f"--file-prefix={forget_at_exit(f'{directory.name}-{name}')}", *memory,
             *device_arguments(device)],
            directory / f"{name}.log", stdout=subprocess.PIPE)
        self.about = self._answer("the start")

    def _answer(self, question):
        line = self.process.stdout.readline()
        while line and not line.startswith("{"):
            line = self.process.stdout.readline()  # what drivers say
        if not line:
            self.process.wait(10)
            self.die(f"no answer to {question}")
        answer = json.loads(line)
        if "error" in answer:
            raise SeatError(f"{question}: {answer['error']}\n{self.text()[-2000:]}".rstrip())
        return answer

    def ask(self, verb, **values):
        line = " ".join([verb, *(f"{key}={value}" for key, value in values.items())])
        try:
            self.process.stdin.write(line + "\n")
        except BrokenPipeError:
            self.process.wait(10)
            self.die("ended")
        return self._answer(line)

    def quit(self):
        self.end(lambda: self.process.stdin.write("quit\n"))


class Seat(Process):
    """Sits on CPU cpus[1] with one worker; all else of it on cpus[0]."""

    mac = None  # found by ARP

    def __init__(self, command, log):
        super().__init__(command, log)
        self.worker = None
        self.paused = False

    def find_worker(self):
        """The thread that polls: DPDK names it lcore-worker-N or rte-worker-N by its version."""
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            if "worker" in (task / "comm").read_text(encoding="utf-8"):
                self.worker = task / "schedstat"
                return
        self.die("no worker thread")

    def waited(self):
        """Seconds for which the worker was ready to run but another had its CPU."""
        try:
            return int(self.worker.read_text(encoding="ascii").split()[1]) / 1e9
        except (FileNotFoundError, ProcessLookupError):
            self.process.wait(10)
            self.check()
            raise

    def pause(self):
        if not self.paused:
            self.process.send_signal(signal.SIGSTOP)
            stat = pathlib.Path(f"/proc/{self.process.pid}/stat")
            while stat.read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] not in "TZX":
                time.sleep(0.001)
        self.paused = True

    def resume(self):
        self.check()
        if self.paused:
            self.process.send_signal(signal.SIGCONT)
        self.paused = False


class TestpmdSeat(Seat):
    def __init__(self, mode, directory, device, cpus, memory, burst):
        super().__init__(
            ["stdbuf", "-oL", testpmd_program(), f"--lcores=0@{cpus[0]},1@{cpus[1]}",
             "--main-lcore=0", f"--file-prefix={forget_at_exit(f'{directory.name}-{mode}')}",
             *memory, *device_arguments(device), "--", f"--forward-mode={mode}", "--auto-start",
             f"--burst={burst}", "--mbcache=512", "--total-num-mbufs=16384", "--nb-cores=1",
             f"--rxd={DESCRIPTORS}", f"--txd={DESCRIPTORS}", "--no-flush-rx"],
            directory / f"{mode}.log")
        found = self.wait_text(r"Port 0: ([0-9A-Fa-f:]{17})", 20)
        self.mac = found[1]
        self.wait_text("Press enter to exit", 20)

    def drops(self):
        """It does not tell by reason."""

    def quit(self):
        self.end(lambda: self.process.stdin.write("\n"))


FERRYD = """
node = { id = 2; name = "%(name)s"; idle = "poll"; cpus = [ %(cpu)d ]; drain = 0; probe = 0;
	socket = "%(socket)s"; eal = [ %(eal)s ]; };
ports = ( { name = "seat"; device = "%(device)s"; addresses = [ "198.18.0.2/24" ];
	rx_descriptors = %(descriptors)d; tx_descriptors = %(descriptors)d; } );
peers = ( { id = 1; address = "198.18.0.1"; pacing = "none"; } ); # forwarding, not rate control
"""


class FerrydSeat(Seat):
    def __init__(self, directory, device, cpus, memory, control="generator", sessions=""):
        """sessions: of the node's configuration, whatever else it has."""
        self.socket = directory / "ferryd.sock"
        config = directory / "ferryd.cfg"
        name = directory.name[-31:].lstrip("-_.")
        forget_at_exit(f"ferry-{name}")
        config.write_text(FERRYD % {
            "name": name, "cpu": cpus[1],
            "socket": self.socket, "eal": ", ".join(f'"{word}"' for word in memory),
            "device": device, "descriptors": DESCRIPTORS} + sessions, encoding="ascii")
        super().__init__([BUILD / "control" / "ferryd", "-c", config], directory / "ferryd.log")
        self.wait_text("node 2 is up", 20)
        self._place_control(control, cpus)

    def _place_control(self, control, cpus):
        """The main thread is the control thread; as it starts it is on all CPUs but the worker's."""
        places = {"generator": {cpus[0]}, "float": os.sched_getaffinity(0), "seat": {cpus[1]}}
        os.sched_setaffinity(self.process.pid, places[control])

    def show(self, what):
        done = subprocess.run([BUILD / "control" / "ferryctl", "-s", self.socket, "-j", "show",
                               what], capture_output=True, text=True, timeout=10, check=False)
        if done.returncode != 0:
            self.die(f"ferryctl: {done.stderr}")
        return json.loads(done.stdout)

    def drops(self):
        """What the node itself says it dropped, by reason."""
        return {drop["reason"]: drop["packets"] for drop in self.show("drops")}

    def quit(self):
        self.end(self.process.terminate)
