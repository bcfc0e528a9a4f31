# SPDX-License-Identifier: BSD-3-Clause
"""A dpdk-testpmd that is told what to do over its prompt, as a user would."""
import os
import shutil
import subprocess

import here  # noqa: F401
from harness.child import forget_at_exit
from harness.program import Failed, Process


def testpmd_program():
    """Its path; stdbuf, which starts it, would tell nobody that it is not there."""
    path = shutil.which("dpdk-testpmd")
    if path is None:
        raise Failed("dpdk-testpmd is not there: ./run bench installs the package dpdk-dev")
    return path


class Testpmd(Process):
    """One port, one forwarding core. prefix is its own in the whole machine."""

    def __init__(self, prefix, device, log, *options):
        super().__init__("dpdk-testpmd", None, log)
        cpus = ",".join(str(cpu) for cpu in sorted(os.sched_getaffinity(0)))
        # Its answers come at once, not when a buffer is full.
        self.spawn("stdbuf", "-oL", testpmd_program(), f"--lcores=(0-1)@({cpus})",
                   "--no-huge", "--no-shconf", "-m", "192", "--no-pci",
                   f"--file-prefix={forget_at_exit(prefix)}", f"--vdev={device}", "--",
                   "--interactive", "--no-flush-rx", "--total-num-mbufs=16384", *options,
                   stdin=subprocess.PIPE, text=True)
        self.wait_log(r"testpmd> ", 20)

    def tell(self, command, answer):
        """Gives a command and waits for its answer, a pattern."""
        since = len(self.log())
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.wait_log("(?s)" + answer, 20, since)

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
        if self.running():
            try:
                self.process.stdin.write("quit\n")
                self.process.stdin.close()
                self.process.wait(10)
            except (BrokenPipeError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
