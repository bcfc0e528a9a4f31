# SPDX-License-Identifier: BSD-3-Clause
"""Namespaces that go when this process ends, however it ends.

meson ends a test at its time limit by SIGTERM to its process group, and half a second later by
SIGKILL: less than it takes to end some nodes. So a shell in a group of its own waits for our end.
"""

import atexit
import subprocess

# Those that are already deleted are not there any more. A name is used once.
_SCRIPT = """
for name in $(cat); do
	[ -e "/run/netns/$name" ] || continue
	kill -9 $(ip netns pids "$name")
	ip netns delete "$name"
done
"""

_shell = None


def clear(names):
    """Ends what runs in namespaces, and removes them with all their interfaces."""
    subprocess.run(["sh", "-c", _SCRIPT], input="\n".join(names), text=True, capture_output=True, check=False)


def keep(name):
    """From now on; also before it is there."""
    global _shell
    if _shell is None:
        _shell = subprocess.Popen(["sh", "-c", _SCRIPT], stdin=subprocess.PIPE, text=True, bufsize=1,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  start_new_session=True)
        atexit.register(_shell.communicate)
    _shell.stdin.write(name + "\n")
