# SPDX-License-Identifier: BSD-3-Clause
"""Child processes of tests, demo and benchmarks: none outlives us, and nothing of theirs."""
import atexit
import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


_sessions = _niced = False


def sessions(niced):
    """From now on each child has a session of its own, which the kernel may schedule as a group (sched(7),
    autogroup): on a busy machine it has as much of it as all that another terminal started. Nice values
    count for nothing between such groups; niced: each gets ours."""
    global _sessions, _niced
    _sessions, _niced = True, niced


def start(*command, **options):
    """A child that ends with the thread that starts it, even if that is killed. ^C is ours alone."""
    own = {"start_new_session": True} if _sessions else {"process_group": 0}
    process = subprocess.Popen([str(word) for word in command], **{
        "preexec_fn": _die_with_parent, **own, **options})
    if _niced:
        with contextlib.suppress(OSError):  # no such groups, or not ours to change
            pathlib.Path(f"/proc/{process.pid}/autogroup").write_text(
                str(os.getpriority(os.PRIO_PROCESS, 0)), encoding="ascii")
    return process


def run_to_its_end(command, **options):
    """Its exit status. If we are ended before, so is it, and it has the time to put its things away."""
    with subprocess.Popen(command, **options) as process:
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            raise


def forget_at_exit(prefix):
    """When we end, what DPDK leaves behind of a child goes, by its --file-prefix. Returns it."""
    for home in ("/var/run", os.environ.get("XDG_RUNTIME_DIR", "/tmp")):  # root's, a user's
        atexit.register(shutil.rmtree, pathlib.Path(home) / "dpdk" / prefix, ignore_errors=True)
    return prefix


def forget_node(name):
    """What DPDK leaves behind of an ended node goes, unless another of that name runs elsewhere."""
    for home in ("/var/run", os.environ.get("XDG_RUNTIME_DIR", "/tmp")):
        directory = pathlib.Path(home) / "dpdk" / f"ferry-{name}"
        for path in directory.glob("dpdk_telemetry.*"):  # of one that was killed
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as telemetry:
                try:
                    telemetry.connect(str(path))
                except ConnectionRefusedError:
                    path.unlink()
        with contextlib.suppress(OSError):
            directory.rmdir()
