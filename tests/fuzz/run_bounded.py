#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A bounded run of a fuzz target: from its corpus, for so many seconds, with its coverage.

Usage: run_bounded.py TARGET CORPUS SECONDS [planted]

Fails if the target reports anything; with "planted" (a target with a bug put in) if it does not.
What it adds to the corpus goes to a temporary directory.
"""
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile

BEGIN = "fuzz:"  # of each line that ./run test shows
SLOW = 10  # seconds that no input may take
TRIES = 3


def fuzz(target, corpus, seconds, work):
    found = work / "found"
    found.mkdir(exist_ok=True)
    environment = {**os.environ, "LLVM_PROFILE_FILE": str(work / "profile"),
                   "UBSAN_OPTIONS": "print_stacktrace=1"}
    return subprocess.run(
        [target, f"-max_total_time={seconds}", f"-timeout={SLOW}", "-rss_limit_mb=2048",
         "-print_final_stats=1", f"-artifact_prefix={work}/", found, corpus],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", env=environment, check=False)


def is_slow(target, artifact):
    """Does this input take so long by the processor's clock too."""
    return subprocess.run(
        [target, f"-timeout={3 * SLOW}", artifact], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
        env={**os.environ, "LLVM_PROFILE_FILE": "/dev/null"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (SLOW, SLOW))).returncode != 0


def fuzz_undisturbed(target, corpus, seconds, work):
    """libFuzzer measures an input's time by the wall's clock. Where a busy machine let the target
    wait for so long, and the input is not slow at all, the run is made again."""
    for _ in range(TRIES):
        done = fuzz(target, corpus, seconds, work)
        artifacts = list(work.glob("timeout-*"))
        if done.returncode == 0 or not artifacts or is_slow(target, artifacts[0]):
            break
        print(f"{BEGIN} {target.name} did not run for {SLOW} s, as the machine was busy")
        artifacts[0].unlink()
    return done


def print_coverage(target, work):
    """How much of each source file that the run went into."""
    subprocess.run(["llvm-profdata-14", "merge", "-o", work / "merged", work / "profile"],
                   check=True)
    report = subprocess.run(
        ["llvm-cov-14", "report", target, f"-instr-profile={work / 'merged'}"],
        capture_output=True, text=True, check=True).stdout
    for line in report.splitlines():
        words = line.split()
        # file, regions (all, missed, share), functions (...), lines (...), branches (...)
        if len(words) < 10 or not words[0].endswith(".c") or words[7] == words[8]:
            continue
        file = pathlib.Path(words[0]).name
        if file != f"{target.name}.c":
            print(f"{BEGIN}  {words[9]:>8} of {int(words[7]):5} lines  {file}")


def main():
    target, corpus, seconds = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    planted = sys.argv[4:] == ["planted"]
    if not any(corpus.iterdir()):
        sys.exit(f"{corpus} is empty: a corpus has at least one input")
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        done = fuzz_undisturbed(target, corpus, seconds, work)
        runs = re.search(r"stat::number_of_executed_units: +(\d+)", done.stdout)
        if planted:
            caught = done.returncode != 0 and re.search(
                r"ERROR: (AddressSanitizer|libFuzzer: deadly signal)|: runtime error: ",
                done.stdout) is not None
            print(f"{BEGIN} a planted bug was {'found' if caught else 'NOT found'} within "
                  f"{seconds} s")
            if not caught:
                print(done.stdout[-4000:])
            return 0 if caught else 1
        if done.returncode != 0:
            report = max(0, done.stdout.find("ERROR: "))
            print(done.stdout[report:report + 8000])
            for artifact in work.glob("*-*"):
                print(f"the input, {artifact.name}, in hex: {artifact.read_bytes().hex()}")
            return 1
        print(f"{BEGIN} {target.name}: {int(runs[1]) if runs else 0:,} inputs in {seconds} s")
        print_coverage(target, work)
    return 0 if runs else 1


if __name__ == "__main__":
    sys.exit(main())
