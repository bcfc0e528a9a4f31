#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Counts the tests in a log of "meson test" (testlog-*.json): prints "passed failed skipped".

Meson counts programs. A program of cmocka or pytest tells at its end how many tests it ran, and
these are counted; another program is one test. A program that failed without saying of any test
that it did (a crash, a time limit, a sanitizer's report at its end) is one more failed test. A log
without any test is a failure too: a suite that is not there has not passed.
"""
import json
import os
import pathlib
import re
import sys

CMOCKA = {
    "passed": re.compile(r"^\[  PASSED  \] (\d+) test\(s\)", re.M),
    "failed": re.compile(r"^\[  FAILED  \] (\d+) test\(s\)", re.M),
    "skipped": re.compile(r"^\[  SKIPPED \] (\d+) test\(s\)", re.M),
}
PYTEST_END = re.compile(r"^(?:=+ )?((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s", re.M)
PYTEST_WORDS = {"passed": "passed", "failed": "failed", "error": "failed", "errors": "failed",
                "skipped": "skipped", "xfailed": "passed", "xpassed": "failed"}
MESON = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}


def count_output(output):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for key, pattern in CMOCKA.items():
        counts[key] += sum(int(number) for number in pattern.findall(output))
    ends = PYTEST_END.findall(output)
    if ends:
        for number, word in re.findall(r"(\d+) ([a-z]+)", ends[-1]):
            if word in PYTEST_WORDS:
                counts[PYTEST_WORDS[word]] += int(number)
    return counts


def count_test(test):
    counts = count_output(test.get("stdout", "") + "\n" + test.get("stderr", ""))
    result = MESON.get(test["result"], "failed")
    if sum(counts.values()) == 0 or (result == "failed" and counts["failed"] == 0):
        counts[result] += 1
    return counts


def main(path):
    total = {"passed": 0, "failed": 0, "skipped": 0}
    seen = 0
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines() if os.path.exists(path) else []
    for line in lines:
        test = json.loads(line)
        counts = count_test(test)
        seen += 1
        for key in total:
            total[key] += counts[key]
        for key in ("failed", "skipped"):
            if counts[key]:
                print(f"{key}: {counts[key]} in {test['name']}", file=sys.stderr)
    if seen == 0:
        print(f"no test ran: {path} has none", file=sys.stderr)
        total["failed"] += 1
    print(total["passed"], total["failed"], total["skipped"])


if __name__ == "__main__":
    main(sys.argv[1])
