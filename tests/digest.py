#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What failed, in a few lines each, so that the end of a long log tells all of it.

Usage: digest.py check NAME FILE   of a check that failed, and its output
       digest.py meson LOG.json    of each test that failed in a log of "meson test"
       digest.py fit FILE          digests from above, shortened so that all of them fit
"""
import json
import pathlib
import re
import sys

from count import count_test

LINES = 40  # of one failure
FIT = 260  # of all of them
WIDTH = 240
HEADING = "=== "  # begins each digest; lines of output are indented

# A sanitizer's or libFuzzer's report: so many lines, for its first stack.
REPORT = re.compile(r"ERROR: (?:\w+Sanitizer|libFuzzer)|: runtime error: ")
REPORT_LINES = 12
# What says most: which test, which condition, which input.
KEY = re.compile(r"SUMMARY: |in hex: |^_{3,} .* _{3,}$|^(?:FAILED|ERROR) \S+::|^FAILED: "
                 r"|\[  (?:FAILED|ERROR ) *\]|^\[   LINE   \]|^ERROR: |: (?:fatal )?error: "
                 r"|: warning: |not so: |^fuzz: .*NOT|^Traceback")
# A line of what pytest tells of a failed assertion. It may hold the log of a program.
ASSERTION = re.compile(r"^E(?: |$)|^E?\s*AssertionError")
# A fuzzer's progress, a tally of meson: never worth a line.
NOISE = re.compile(r"^#\d+\s+(?:NEW|REDUCE|INITED|RELOAD|pulse|DONE)|^\s*NEW_FUNC|^E?\s*$")


def report_lines(lines):
    """The beginnings of the first two reports."""
    begins = [n for n, line in enumerate(lines) if REPORT.search(line)][:2]
    return [n for begin in begins for n in range(begin, min(begin + REPORT_LINES, len(lines)))]


def key_lines(lines):
    return [n for n, line in enumerate(lines) if KEY.search(line)][:12]


def assertion_lines(lines):
    """Of each block the beginning and the end: between them may be hundreds."""
    blocks = []
    for n, line in enumerate(lines):
        if not ASSERTION.search(line):
            continue
        if blocks and blocks[-1][-1] == n - 1:
            blocks[-1].append(n)
        else:
            blocks.append([n])
    return [n for block in blocks[:4] for n in block[:6] + block[6:][-4:]]


def last_lines(lines):
    return range(len(lines) - 1, -1, -1)


def pick(lines, limit):
    """The lines that say most, at most so many, in their order; "..." where some are left out."""
    lines = [line.rstrip() for line in lines if not NOISE.search(line)]
    chosen = set()
    # The first two leave room for those after them.
    for numbers, room in ((report_lines(lines), 0.4), (key_lines(lines), 0.7),
                          (assertion_lines(lines), 1), (last_lines(lines), 1)):
        for n in numbers:
            if len(chosen) < max(1, int(limit * room)):
                chosen.add(n)
    picked, before = [], -1
    for n in sorted(chosen):
        if n > before + 1:
            picked.append("...")
        # An input in hex is of no use when it is cut.
        picked.append(lines[n] if "in hex: " in lines[n] else lines[n][:WIDTH])
        before = n
    return picked


def show(heading, lines, limit=LINES):
    print(f"{HEADING}{heading}")
    for line in pick(lines, limit):
        print(f"    {line}")


def digest_check(name, path):
    show(name, pathlib.Path(path).read_text(encoding="utf-8", errors="replace").splitlines())


def digest_meson(path):
    log = pathlib.Path(path)
    tests = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] \
        if log.exists() else []
    if not tests:
        show(path, ["no test ran"])
    for test in tests:
        if count_test(test)["failed"]:
            output = test.get("stdout", "") + "\n" + test.get("stderr", "")
            show(f"{test['name']}: {test['result']}, exit status {test['returncode']}, "
                 f"{test['duration']:.0f} s", output.splitlines())


def fit(path):
    sections = []
    for line in pathlib.Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith(HEADING):
            sections.append((line[len(HEADING):], []))
        else:
            sections[-1][1].append(line.removeprefix("    "))
    room = FIT // max(1, len(sections)) - 6  # a heading, and some "..."
    for heading, lines in sections:
        if len(lines) <= room:
            print("\n    ".join((HEADING + heading, *lines)))
        else:
            show(heading, [line for line in lines if line != "..."], max(4, min(LINES, room)))


def main(what, *words):
    {"check": digest_check, "meson": digest_meson, "fit": fit}[what](*words)


if __name__ == "__main__":
    main(*sys.argv[1:])
