#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Wrong options of benchmarks are told before anything is measured: which, and what is right."""

import json
import os
import pathlib
import re
import subprocess

import pytest
from harness.program import PATIENCE

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FERRY_BUILD", ROOT / "build"))
NAMES = ["stages", "feeder", "stats", "coding", "destination", "idle", "kills", "pair", "relay", "scale",
         "tfrc"]


def bench(name, *options):
    script = ROOT / "bench" / f"{name}.py"
    command = ["/usr/bin/python3", "-B", script] if script.exists() else [BUILD / "bench" / name]
    return subprocess.run([*command, *options], capture_output=True, text=True, timeout=60 * PATIENCE,
                          env={**os.environ, "FERRY_BUILD": str(BUILD)}, check=False)


@pytest.mark.parametrize("name", NAMES)
def test_help_and_place_of_the_figures(name):
    done = bench(name, "--help")
    assert done.returncode == 0 and "--json FILE" in done.stdout and done.stderr == ""
    for options, expected in ((["--json", "/nowhere/x.json"], ("/nowhere/x.json", "cannot be written")),
                              (["--what"], ("--what", "usage"))):
        done = bench(name, *options)
        assert done.returncode != 0 and "Traceback" not in done.stderr
        for text in expected:
            assert text in done.stderr, done.stderr


@pytest.mark.parametrize("name,options,expected", [
    ("stages", ["--runs", "0"], "a number from 1 to 64"),
    ("stages", ["--only", "else"], "the parts are relay, swap, cases, split, installed and sessions\n"),
    ("feeder", ["--only", "else"], "--only else: the parts are growth and pacing\n"),
    ("stats", ["--only", "tor"], "--only tor: the parts are torn, aggregate and rate\n"),
    ("coding", ["--only", "else"], "kernels, codes, destination, relay and simulation"),
    ("scale", ["--only", "else"], "the parts are rings, growth, rates, times and changes\n"),
    ("scale", ["--pictures"], "--pictures: expected one argument"),
    ("scale", ["--figures=/dev/null", "--quick"], "--figures FILE goes with --pictures DIR alone"),
    ("coding", ["--js", "x.json"], "unrecognized arguments: --js"),
    ("scale", ["--pictures", "/proc/none"], "/proc/none: it cannot be used"),
    ("scale", ["--figures", "/nowhere/x", "--pictures", "/tmp"], "/nowhere/x: it cannot be used"),
    ("coding", ["--figures", "/dev/null", "--pictures", "/tmp"], "a file that --json wrote"),
    ("tfrc", ["--runs", "0"], "--runs: \"0\" must be an integer of at least 1"),
    ("tfrc", ["--seconds", "nan"], "must be a number of at least 1"),
    ("tfrc", ["--cell", "50,10Mbit,1"], "as 50ms,10Mbit,1"),
    ("tfrc", ["--pacing", "nonsense"], 'pacing is "nonsense", it must be "tfrc", "tfrc-sp"'),
    ("kills", ["--kills", "0"], "must be an integer of at least 1"),
    ("relay", ["--payloads", "10"], "20 to 1400 bytes"),
    ("relay", ["--generator", "0000:3b:00.0"], "both or none"),
    ("destination", ["--cpus", "0", "0"], "two different ones"),
    ("pair", ["--size", "9000"], "--size must be 22 to 1450"),
    ("idle", ["--idle", "else"], "adaptive"),
])
def test_wrong_values(name, options, expected):
    done = bench(name, *options)
    assert done.returncode != 0 and expected in done.stderr, done.stderr


@pytest.mark.parametrize("name", ["relay", "destination"])
def test_one_cpu_is_too_few(name):
    def one():
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    done = subprocess.run(["/usr/bin/python3", "-B", ROOT / "bench" / f"{name}.py", "--quick"], capture_output=True,
                          text=True, timeout=60, check=False, preexec_fn=one,
                          env={**os.environ, "FERRY_BUILD": str(BUILD)})
    assert done.returncode == 77 and "two CPUs" in done.stderr


@pytest.mark.parametrize("name,part,key", [("coding", "kernels", "encode1_ratio_isal"),
                                           ("scale", "times", "whole_relay_burst1_ns_p50")])
def test_options_with_an_equals_sign(tmp_path, name, part, key):
    """Others' figures are not in the file, so --only was understood too."""
    file = tmp_path / "x.json"
    done = bench(name, "--quick", f"--only={part}", f"--json={file}")
    assert done.returncode == 0, done.stderr
    written = json.loads(file.read_text(encoding="ascii"))
    assert written["benchmark"] == name and written["figures"][key] > 0
    assert not {"butterfly_rate", "cycles_own_nh1"} & set(written["figures"])


def test_run_lists_each_with_what_it_is():
    def run(*words):
        return subprocess.run([ROOT / "run", *words], capture_output=True, text=True, timeout=60 * PATIENCE,
                              check=False)

    listed = dict(line.split(maxsplit=1) for line in run("bench").stdout.splitlines())
    assert set(listed) >= set(NAMES)
    assert run("bench", "--help").stdout == run("bench").stdout
    for words in (("bench", "else"), ("bench", "--compare", "HEAD", "else")):
        done = run(*words)
        assert done.returncode == 1
    done = run("bench", "else")
    assert 'there is no benchmark "else", there are: ' in done.stderr and "relay" in done.stderr
    done = run("test", "else")
    assert 'there is no suite "else", the suites are: unit' in done.stderr


def test_run_tells_help_without_installing_or_building(tmp_path):
    for file in ("run", "bench", "tests"):
        (tmp_path / file).symlink_to(ROOT / file)
    (tmp_path / "run").unlink()
    (tmp_path / "run").write_bytes((ROOT / "run").read_bytes())
    for words, expected in ((("demo", "--seconds", "9", "--help"), "--break RELAY"),
                            (("bench", "pair", "-h"), "--rounds ROUNDS")):
        done = subprocess.run(["bash", tmp_path / "run", *words], capture_output=True, text=True, timeout=60 * PATIENCE,
                              check=False)
        assert (done.returncode, done.stderr) == (0, "") and expected in done.stdout
        assert "==" not in done.stdout
    assert not (tmp_path / "build").exists()


def test_run_installs_what_scripts_import():
    packages = re.search(r"^PACKAGES_BENCH=\((.*?)\)", (ROOT / "run").read_text(), re.M | re.S).group(1).split()
    for name in (path.stem for path in (ROOT / "bench").glob("*.py") if os.access(path, os.X_OK)):
        done = subprocess.run(["/usr/bin/python3", "-B", "-X", "importtime", ROOT / "bench" / f"{name}.py", "--what"],
                              capture_output=True, text=True, timeout=60 * PATIENCE, check=False,
                              env={**os.environ, "FERRY_BUILD": str(BUILD)})
        modules = set(re.findall(r"\| +(\S+)$", done.stderr, re.M))
        for module in {"pytest", "scapy", "hypothesis", "rich"} & modules:
            assert f"python3-{module}" in packages, name


def test_fences_of_the_documents_are_pairs():
    documents = [path for pattern in ("*.md", "*/*.md", "*/*/*.md") for path in ROOT.glob(pattern)
                 if not path.relative_to(ROOT).parts[0].startswith("build")]
    assert {"README.md", "WIRE.md", "PROTOCOL.md"} <= {document.name for document in documents}
    for document in documents:
        inside = False
        for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith("```"):
                inside = not inside
            assert not (inside and line.startswith("## ")), f"{document}:{number}: an open fence"
        assert not inside, document
