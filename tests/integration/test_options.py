#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The command lines of ferryd and ferry-root: help, version, mistakes; of all programs, what cannot be
printed."""
import re
import subprocess

import pytest

from harness.node import BUILD

PROGRAMS = {"ferryd": "ferry.cfg(5)", "ferry-root": "ferry-root.cfg(5)"}
MISTAKE = 2


def run(program, *arguments):
    return subprocess.run([BUILD / "control" / program, *arguments], capture_output=True, text=True,
                          check=False)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(program, option):
    done = run(program, option)
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith(f"Usage: {program} -c FILE")
    assert PROGRAMS[program] in done.stdout
    for name in ("--config", "--check", "--print", "--version", "--help"):
        assert name in done.stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_version(program, root):
    version = re.search(r"version: '([^']+)'", (root / "meson.build").read_text()).group(1)
    done = run(program, "--version")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.split()[:2] == [program, version]
    assert ("(DPDK " in done.stdout) == (program == "ferryd")


def test_what_cannot_be_printed():
    """A configuration that is cut off is none: exit status 1."""
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([BUILD / "control/ferry-root", "--print", "-c", "/dev/stdin"], text=True,
                              input='root = { listen = "127.0.0.1:1"; plain = true; }; nodes = ();',
                              stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, "ferry-root: cannot print: No space left on device\n")


EVERY = [BUILD / "control" / name for name in ("ferryd", "ferry-root", "ferryctl", "ferrytop")] + [
    BUILD / "drivers" / "ferry-impair"]


@pytest.mark.parametrize("program", EVERY, ids=lambda path: path.name)
@pytest.mark.parametrize("option", ["--help", "--version"])
@pytest.mark.parametrize("output, why", [
    (">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")], ids=["full", "closed"])
def test_help_that_cannot_be_printed(program, option, output, why):
    done = subprocess.run(["sh", "-c", f'exec "$@" {output}', "sh", program, option], check=False,
                          capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, f"{program.name}: cannot print: {why}\n")


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("arguments, why", [
    ([], "no configuration; name one with -c FILE"),
    (["--check"], "no configuration; name one with -c FILE"),
    (["-c", "a.cfg", "b.cfg"], "'b.cfg' is not an option"),
    (["--chek"], "unrecognized option '--chek'"),
    (["-c"], "option requires an argument -- 'c'"),
])
def test_mistakes(program, arguments, why):
    done = run(program, *arguments)
    assert done.returncode == MISTAKE and done.stdout == ""
    assert why in done.stderr
    assert f"Try '{program} --help'." in done.stderr
