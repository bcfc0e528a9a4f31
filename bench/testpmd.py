# SPDX-License-Identifier: BSD-3-Clause
"""A dpdk-testpmd that is told what to do over its prompt, as a user would."""
import os
import re
import shutil
import subprocess
import time

from child import begin_child, forget_at_exit


class TestpmdError(RuntimeError):
    pass


def testpmd_program():
    """Its path; stdbuf, which starts it, would tell nobody that it is not there."""
    path = shutil.which("dpdk-testpmd")
    if path is None:
        raise TestpmdError("dpdk-testpmd is not there: ./run bench installs the package dpdk-dev")
    return path


class Testpmd:
    """One port, one forwarding core. prefix is its own in the whole machine."""

    def __init__(self, prefix, device, log, *options):
        self.log = log
        cpus = ",".join(str(cpu) for cpu in sorted(os.sched_getaffinity(0)))
        # Its answers come at once, not when a buffer is full.
        self.command = ["stdbuf", "-oL", testpmd_program(), f"--lcores=(0-1)@({cpus})",
                        "--no-huge", "--no-shconf", "-m", "192", "--no-pci",
                        f"--file-prefix={forget_at_exit(prefix)}", f"--vdev={device}", "--",
                        "--interactive", "--no-flush-rx", "--total-num-mbufs=16384", *options]
        with open(log, "wb") as out:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=out,
                                            stderr=subprocess.STDOUT, text=True,
                                            preexec_fn=begin_child, start_new_session=True)
        self._wait_for(r"testpmd> ", 0, 20)

    def _text(self, offset=0):
        with open(self.log, encoding="utf-8", errors="replace") as text:
            return text.read()[offset:]

    def _wait_for(self, pattern, offset, seconds):
        deadline = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self._text(offset), re.S)
            if found:
                return found
            if self.process.poll() is not None:
                raise TestpmdError(f"{' '.join(self.command)} ended:\n{self._text()[-2000:]}")
            if time.monotonic() > deadline:
                raise TestpmdError(f"{' '.join(self.command)}: no \"{pattern}\" in {seconds} s:\n"
                                   f"{self._text(offset)[-2000:]}")
            time.sleep(0.05)

    def tell(self, command, answer):
        """Gives a command and waits for its answer, a pattern."""
        offset = len(self._text())
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self._wait_for(answer, offset, 20)

    def start(self):
        self.tell("start", r"packet forwarding.*?testpmd> ")

    def stop(self):
        self.tell("stop", r"Done\.\s.*?testpmd> ")

    def packets(self):
        """(received, sent) by its port since its peer connected."""
        found = self.tell("show port stats all", r"RX-packets: (\d+).*?TX-packets: (\d+)"
                          r".*?testpmd> ")
        return int(found[1]), int(found[2])

    def quit(self):
        if self.process.poll() is None:
            try:
                self.process.stdin.write("quit\n")
                self.process.stdin.close()
                self.process.wait(10)
            except (BrokenPipeError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
