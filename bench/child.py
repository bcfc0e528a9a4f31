# SPDX-License-Identifier: BSD-3-Clause
"""What a benchmark's child processes have in common, in a child before it is another program."""
import atexit
import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import subprocess

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def begin_child():
    """It ends with its parent. And the kernel may schedule each session as a group of its own
    (sched(7), autogroup), beside which nice values count for nothing: the group gets this one's."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    with contextlib.suppress(OSError):  # no such groups, or not ours to change
        pathlib.Path("/proc/self/autogroup").write_text(
            str(os.getpriority(os.PRIO_PROCESS, 0)), encoding="ascii")


def run_to_its_end(command, **options):
    """Its exit status. If we are ended before, so is it, and it has the time to put its things away."""
    with subprocess.Popen(command, **options) as process:
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            raise


def forget_at_exit(prefix):
    """When we end, what DPDK leaves behind of a child goes, by its --file-prefix (ferryd's is "ferry-"
    and the node's name). Returns it."""
    for home in ("/var/run", os.environ.get("XDG_RUNTIME_DIR", "/tmp")):  # root's, a user's
        atexit.register(shutil.rmtree, pathlib.Path(home) / "dpdk" / prefix, ignore_errors=True)
    return prefix
