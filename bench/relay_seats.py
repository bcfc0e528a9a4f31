# SPDX-License-Identifier: BSD-3-Clause
"""The processes of bench/relay and bench/destination: the generator, and who sits opposite of it."""
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import time

from here import BUILD
from harness import program
from harness.child import forget_at_exit
from harness.node import Node
from harness.program import Failed as SeatError
from testpmd import testpmd_program

DESCRIPTORS = 1024  # of rings: memif's, and a device's receive and send queue
MEMORY_MIB = 256  # of each process


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


class Process(program.Process):
    """A child that is told to end by its stdin."""

    def __init__(self, name, log, *command, **options):
        super().__init__(name, None, log)
        log.unlink(missing_ok=True)  # of one that sat there before
        try:
            self.spawn(*command, stdin=subprocess.PIPE, text=True, bufsize=1, **options)
        except FileNotFoundError as error:
            raise SeatError(f"{error.filename} is not there: ./run bench builds Ferry and "
                            "installs the package dpdk-dev") from error

    def die(self, what):
        raise SeatError(f"{self.name}: {what}:\n{self.log()[-2000:]}")

    def quit(self, line="quit\n"):
        if self.running():
            self.process.send_signal(signal.SIGCONT)
            try:
                self.process.stdin.write(line)
                self.process.wait(10)
            except (BrokenPipeError, subprocess.TimeoutExpired):
                self.kill()


class Generator(Process):
    """relay_generator.c: the device is its port 0."""

    def __init__(self, directory, device, cpus, memory, name="generator"):
        super().__init__(
            name, directory / f"{name}.log",
            BUILD / "bench" / "relay_generator", f"--lcores=0@{cpus[0]},1@{cpus[1]}",
            "--main-lcore=0", "--log-level=error",
            f"--file-prefix={forget_at_exit(f'{directory.name}-{name}')}", *memory,
            *device_arguments(device), stdout=subprocess.PIPE)
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
            raise SeatError(f"{question}: {answer['error']}\n{self.log()[-2000:]}".rstrip())
        return answer

    def ask(self, verb, **values):
        line = " ".join([verb, *(f"{key}={value}" for key, value in values.items())])
        try:
            self.process.stdin.write(line + "\n")
        except BrokenPipeError:
            self.process.wait(10)
            self.die("ended")
        return self._answer(line)


class Seat:
    """A process that sits on CPU cpus[1] with one worker; all else of it on cpus[0]."""

    mac = None  # found by ARP
    worker = None
    paused = False

    def find_worker(self):
        """The thread that polls: DPDK names it lcore-worker-N or rte-worker-N by its version."""
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            if "worker" in (task / "comm").read_text(encoding="utf-8"):
                self.worker = task / "schedstat"
                return
        raise SeatError(f"{self.name} has no worker thread")

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


class TestpmdSeat(Seat, Process):
    def __init__(self, mode, directory, device, cpus, memory, burst):
        super().__init__(
            mode, directory / f"{mode}.log",
            "stdbuf", "-oL", testpmd_program(), f"--lcores=0@{cpus[0]},1@{cpus[1]}",
            "--main-lcore=0", f"--file-prefix={forget_at_exit(f'{directory.name}-{mode}')}",
            *memory, *device_arguments(device), "--", f"--forward-mode={mode}", "--auto-start",
            f"--burst={burst}", "--mbcache=512", "--total-num-mbufs=16384", "--nb-cores=1",
            f"--rxd={DESCRIPTORS}", f"--txd={DESCRIPTORS}", "--no-flush-rx")
        found = self.wait_log(r"Port 0: ([0-9A-Fa-f:]{17})", 20)
        self.mac = found[1]
        self.wait_log("Press enter to exit", 20)

    def drops(self):
        """It does not tell by reason."""

    def quit(self):
        super().quit("\n")


class FerrydSeat(Seat, Node):
    def __init__(self, directory, device, cpus, memory, control="generator", **groups):
        """groups: of the node's configuration, whatever else it has."""
        super().__init__(None, {
            "node": {"id": 2, "name": directory.name[-31:].lstrip("-_."), "idle": "poll", "cpus": [cpus[1]],
                     "drain": 0, "probe": 0, "eal": memory},
            "ports": [{"name": "seat", "device": device, "addresses": ["198.18.0.2/24"],
                       "rx_descriptors": DESCRIPTORS, "tx_descriptors": DESCRIPTORS}],
            # Forwarding is measured, not rate control.
            "peers": [{"id": 1, "address": "198.18.0.1", "pacing": "none"}], **groups}, directory=directory)
        self.start()
        # The main thread is the control thread; as it starts it is on all CPUs but the worker's.
        places = {"generator": {cpus[0]}, "float": os.sched_getaffinity(0), "seat": {cpus[1]}}
        os.sched_setaffinity(self.process.pid, places[control])

    def ctl(self, *words):
        self.check()  # a process that ended says more
        return super().ctl(*words)

    def quit(self):
        if self.running():
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        self.delete()
