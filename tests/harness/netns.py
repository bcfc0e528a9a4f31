# SPDX-License-Identifier: BSD-3-Clause
"""Network namespaces and veth pairs, with names that no other run uses."""

import contextlib
import ctypes
import itertools
import os
import shutil
import subprocess
import threading

from . import child
from .keeper import keep
from .program import PATIENCE

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_count = itertools.count()

# Ferry's end has no kernel address and IPv6 is off; frames of the kernel's end leave as they are.
_OFFLOADS = ("tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off", "sg", "off")


def missing():
    """Why namespaces cannot be had here, or None."""
    if os.geteuid() != 0:
        return "needs root: namespaces and veth pairs"
    for tool in ("ip", "ethtool"):
        if shutil.which(tool) is None:
            return f"needs the program {tool}"
    probe = run("ip", "netns", "add", unique("probe"), check=False)
    if probe.returncode != 0:
        return f"network namespaces cannot be made here: {probe.stderr.strip()}"
    run("ip", "netns", "delete", probe.args[-1])
    return None


def unique(word):
    """A name of at most 15 bytes for this process alone; of the word what there is room for."""
    pid = f"{os.getpid():06x}"  # all of the largest that Linux has
    name = f"f{pid}{next(_count):x}-"
    assert len(pid) == 6 and len(name) <= 15, name
    return (name + word)[:15]


def run(*command, check=True, timeout=20 * PATIENCE, **kwargs):
    """Runs a command to its end; its output is in the result, and in the error if it fails."""
    done = subprocess.run(
        [str(c) for c in command], capture_output=True, text=True, timeout=timeout, **kwargs)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done


class Namespace:
    """One network namespace. Ends with delete(), or with this process; one that was given its name, so
    that a later run finds it, by clear()."""

    def __init__(self, word, name=None):
        self.word = word
        self.name = name or unique(word)
        if name is None:
            keep(self.name)
        run("ip", "netns", "add", self.name)
        try:
            self.sysctl("net.ipv6.conf.all.disable_ipv6", 1)
            self.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
            self.run("ip", "link", "set", "lo", "up")
        except BaseException:
            self.delete()
            raise

    def run(self, *command, **kwargs):
        return run("ip", "netns", "exec", self.name, *command, **kwargs)

    def popen(self, *command, **kwargs):
        return child.start("ip", "netns", "exec", self.name, *command, **kwargs)

    def sysctl(self, key, value):
        path = key.replace(".", "/")
        self.run("sh", "-c", f"echo {value} > /proc/sys/{path}")

    def speak(self, interface, *addresses):
        """The kernel speaks there, from these addresses."""
        self.run("ip", "link", "set", interface, "arp", "on", "up")
        for address in addresses:
            self.run("ip", "address", "add", address, "dev", interface, *["nodad"] * (":" in address))

    @contextlib.contextmanager
    def entered(self):
        """This thread is in the namespace meanwhile: sockets that it opens stay there."""
        with open(f"/proc/self/task/{threading.get_native_id()}/ns/net", "rb") as home:
            with open(f"/run/netns/{self.name}", "rb") as there:
                _setns(there.fileno())
            try:
                yield
            finally:
                _setns(home.fileno())

    def delete(self):
        run("ip", "netns", "delete", self.name, check=False)


def _setns(fd):
    if _libc.setns(fd, _CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"setns: {os.strerror(error)}")


def veth(left, left_name, right, right_name, mtu=1500):
    """Two ends of a wire in two namespaces (or one), up, without any address."""
    run("ip", "link", "add", left_name, "netns", left.name, "mtu", mtu, "type", "veth",
        "peer", "name", right_name, "netns", right.name, "mtu", mtu)
    for end, name in ((left, left_name), (right, right_name)):
        end.run("ethtool", "-K", name, *_OFFLOADS, check=False)
        end.run("ip", "link", "set", name, "addrgenmode", "none", "arp", "off", "up")


class Bridge:
    """A network of the kernel's for control connections: an interface "control" in each namespace."""

    def __init__(self, namespace):
        self.namespace = namespace
        namespace.run("ip", "link", "add", "control", "type", "bridge")
        namespace.run("ip", "link", "set", "control", "up")

    def plug(self, namespace, address):
        name = unique("p")
        veth(namespace, "control", self.namespace, name)
        self.namespace.run("ip", "link", "set", name, "master", "control")
        namespace.speak("control", address)


def mac_of(namespace, name):
    return namespace.run("cat", f"/sys/class/net/{name}/address").stdout.strip()
