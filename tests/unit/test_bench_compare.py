#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""./run bench --compare: two commits built alike and measured in turn, and what it says of them."""

import json
import os
import pathlib
import subprocess
import sys
import time

import pytest
from harness.program import PATIENCE

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = float(os.environ.get("FERRY_PATIENCE", 1))
sys.path.insert(0, str(ROOT / "bench"))
import same_options


def compare(directory, *figures):
    files = []
    for number, values in enumerate(figures):
        files.append(directory / f"{number}.json")
        files[-1].write_text(json.dumps({"benchmark": "x", "figures": values}), encoding="ascii")
    return subprocess.run(["/usr/bin/python3", "-B", ROOT / "bench/compare.py", "base", "here", *files],
                          capture_output=True, text=True, check=False)


def test_small_figures_and_keys_of_one_side(tmp_path):
    done = compare(tmp_path, {"error": 3.4e-05, "old": 1, "now_and_then": 1}, {"error": 6.8e-05, "new": 2},
                   {"error": 3.4e-05, "old": 1}, {"error": 6.8e-05, "new": 2, "now_and_then": 1})
    assert done.returncode == 0, done.stderr
    row = next(line.split() for line in done.stdout.splitlines() if line.startswith("error"))
    assert row[:4] == ["error", "3.4e-05", "6.8e-05", "2.000"]
    assert "only base has: old\n" in done.stdout and "only here has: new\n" in done.stdout
    assert "not in all rounds: now_and_then\n" in done.stdout


def test_options_that_differ():
    mine = {"cpu": "native", "debug": True, "optimization": "2", "buildtype": "debugoptimized", "new": 1}
    other = {"cpu": "corei7", "debug": False, "optimization": "3", "buildtype": "release", "old": 1}
    assert same_options.different(mine, mine) == []
    assert same_options.different({"cpu": "native"}, other) == [("cpu", "native")]
    assert same_options.different(mine, other) == [
        ("buildtype", "debugoptimized"), ("debug", True), ("optimization", "2"), ("cpu", "native")]


# It takes the place of meson: a build has the options that it was set up and configured with.
MESON = """#!/usr/bin/python3
import json, os, pathlib, sys
command, *words, build = sys.argv[1:]
file = pathlib.Path(build) / "options"
options = json.loads(file.read_text()) if file.exists() else {"cpu": "corei7"}
options |= dict(word[2:].split("=") for word in words if word.startswith("-D"))
if command == "introspect":
    print(json.dumps([{"name": name, "value": value, "section": "user"} for name, value in options.items()]))
else:
    pathlib.Path(build).mkdir(exist_ok=True)
    (file.parent / "build.ninja").touch()
    file.write_text(json.dumps(options))
"""
# A benchmark that says how it was called, and of what.
SCRIPT = """#!/usr/bin/python3
import json, os, pathlib, sys
if "--help" in sys.argv:
    print("usage: [--json FILE]%s")
    sys.exit()
here = pathlib.Path.cwd()
with open(os.environ["CALLS"], "a") as calls:
    print("base" if here.name == "tree" else "here", json.loads((here / "build/options").read_text())["cpu"],
          *[word for word in sys.argv[1:-2]], file=calls)
pathlib.Path(sys.argv[-1]).write_text(json.dumps({"benchmark": "x", "figures": {"a": 1.0}}))
"""


def git(tree, *words):
    subprocess.run(["git", "-C", tree, "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True,
                   capture_output=True)


def tree_with(directory, benchmarks):
    """A tree of two commits, and commands that it finds first: no package is installed, no page reserved."""
    tree, commands = directory / "here", directory / "commands"
    (tree / "bench").mkdir(parents=True)
    commands.mkdir()
    for file in ("run", "bench/compare.py", "bench/same_options.py"):
        (tree / file).write_bytes((ROOT / file).read_bytes())
    (tree / ".gitignore").write_text("build*\n", encoding="ascii")
    scripts = {tree / "bench" / f"{name}.py": SCRIPT % text for name, text in benchmarks.items()}
    scripts |= {commands / name: f"#!/bin/sh\necho {says}\n"
                for name, says in (("ninja", ""), ("awk", "0"), ("dpkg-query", "installed"))}
    scripts[commands / "meson"] = MESON
    for path, text in scripts.items():
        path.write_text(text, encoding="ascii")
        path.chmod(0o755)
    git(tree, "init", "--quiet")
    for message in ("base", "here"):
        (tree / "what").write_text(message, encoding="ascii")
        git(tree, "add", ".")
        git(tree, "commit", "--quiet", "-m", message)
    (tree / "build").mkdir()
    (tree / "build/build.ninja").touch()
    (tree / "build/options").write_text('{"cpu": "native"}', encoding="ascii")
    return tree, commands


def environment(commands, calls):
    return {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "CALLS": str(calls)}


@pytest.mark.skipif(not os.access("/proc/self/autogroup", os.W_OK), reason="no groups of sessions here")
def test_session_has_the_nice_value_meanwhile(tmp_path):
    tree, commands = tree_with(tmp_path, {})
    script = tree / "bench/group.py"
    script.write_text("#!/usr/bin/python3\nprint(open('/proc/self/autogroup').read())\n", encoding="ascii")
    script.chmod(0o755)
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    more = 3 if nice < 17 else 0
    # A session of its own, whose group is at 0.
    done = subprocess.run(["bash", "-c", f"nice -n {more} bash run bench group; cat /proc/self/autogroup"], cwd=tree,
                          capture_output=True, text=True, check=True, timeout=60 * PATIENCE, start_new_session=True,
                          env=environment(commands, ""))
    groups = [line.split()[-1] for line in done.stdout.splitlines() if line.startswith("/autogroup")]
    assert groups == [str(nice + more), "0"], done.stdout + done.stderr


def test_rounds(tmp_path):
    tree, commands = tree_with(tmp_path, {"many": " [--runs N]", "one": ""})
    calls = tmp_path / "calls"
    for name, runs in (("many", " --runs 1"), ("one", "")):
        calls.unlink(missing_ok=True)
        done = subprocess.run(["bash", tree / "run", "bench", "--compare", "HEAD~", name, "--what"],
                              capture_output=True, text=True, check=False, timeout=60 * PATIENCE,
                              env=environment(commands, calls))
        assert done.returncode == 0, done.stdout + done.stderr
        assert calls.read_text(encoding="ascii").splitlines() == [
            f"{side} native{runs} --what"
            for side in "base here here base base here here base base here".split()]
        assert "5 rounds in turn" in done.stdout and "1.000 (1.000..1.000)" in done.stdout


@pytest.mark.parametrize("words,told", [
    ((), "which commit"), (("HEAD", "one", "--save", "x"), "no --save"), (("HEAD", "one", "--json=x"), "no --json=x"),
    (("HEAD", "else"), 'there is no benchmark "else"'),
    (("nothing",), 'there is no commit "nothing"')])
def test_wrong_words_change_nothing(tmp_path, words, told):
    tree, commands = tree_with(tmp_path, {"one": ""})
    (commands / "dpkg-query").write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\necho installed\n", encoding="ascii")
    done = subprocess.run(["bash", tree / "run", "bench", "--compare", *words], capture_output=True, text=True,
                          check=False, timeout=60 * PATIENCE, env=environment(commands, ""))
    assert done.returncode == 1 and told in done.stderr
    assert not (tmp_path / "asked").exists()


# A benchmark that ends when it may, or its test.
WAITING = """#!/usr/bin/python3
import os, pathlib, sys, time
pathlib.Path(sys.argv[1]).touch()
while pathlib.Path(sys.argv[1]).exists() and pathlib.Path(f"/proc/{os.environ['TEST']}").exists():
    time.sleep(0.01)
"""
# Of a machine without hugepages; nobody maps any.
AWK = """#!/bin/sh
case $1 in
*HugePages_Free*) cat %s ;;
*) echo 9999 ;;
esac
"""


def tree_with_pages(directory):
    """As tree_with, with a count of hugepages of its own, and its lock."""
    tree, commands = tree_with(directory, {})
    pages, lock = directory / "pages", directory / "lock"
    text = (ROOT / "run").read_text(encoding="utf-8")
    text = text.replace("/proc/sys/vm/nr_hugepages", str(pages)).replace("/run/ferry-bench.hugepages", str(lock))
    assert "nr_hugepages" not in text
    for path, what in ((tree / "run", text), (tree / "bench/wait.py", WAITING), (commands / "awk", AWK % pages)):
        path.write_text(what, encoding="utf-8")
        path.chmod(0o755)
    pages.write_text("7\n", encoding="ascii")
    lock.write_text("99\n", encoding="ascii")  # somebody was killed
    return tree, pages, {**environment(commands, ""), "TEST": str(os.getpid())}


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_pages_stay_until_the_last_has_ended(tmp_path, order):
    tree, pages, env = tree_with_pages(tmp_path)
    running = {}
    for name in "ab":
        running[name] = subprocess.Popen(["bash", tree / "run", "bench", "wait", tmp_path / name],
                                         stdout=subprocess.DEVNULL, env=env)
        limit = time.monotonic() + 30 * PATIENCE
        while not (tmp_path / name).exists() and time.monotonic() < limit:
            time.sleep(0.01)
        assert pages.read_text(encoding="ascii") == "1100\n"
    for name, left in zip(order, ("1100\n", "7\n")):
        (tmp_path / name).unlink()
        assert running[name].wait(30 * PATIENCE) == 0
        assert pages.read_text(encoding="ascii") == left
