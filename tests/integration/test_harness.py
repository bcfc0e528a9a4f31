# SPDX-License-Identifier: BSD-3-Clause
"""What a test puts up goes, however the test ends."""

import os
import pathlib
import signal
import subprocess

import pytest
from harness import netns
from harness.node import PATIENCE, ROOT, until
from harness.stage import Stage, why_not

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))

# Puts up two namespaces and a process, says what they are, and waits.
WAITS = """
import pathlib, subprocess, time

def test_waits(stage):
    spaces = [stage.namespace("one"), stage.namespace("two")]
    process = stage.popen(spaces[1], "sleep", "1000", preexec_fn=None)
    said = pathlib.Path(__file__).with_name("said")
    said.with_suffix(".new").write_text(" ".join([str(process.pid), *(s.name for s in spaces)]))
    said.with_suffix(".new").rename(said)
    time.sleep(1000)
"""


def there(name):
    return pathlib.Path("/run/netns", name).exists()


def runs(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["TERM", "KILL"])
def test_nothing_stays_of_a_run_that_is_ended(tmp_path, number):
    """As meson does at a test's time limit."""
    (tmp_path / "test_waits.py").write_text(WAITS)
    run = subprocess.Popen(
        ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "harness.plugin", tmp_path],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(pathlib.Path(ROOT) / "tests")},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        until((tmp_path / "said").exists, 20, "it says what it has put up")
        pid, *names = (tmp_path / "said").read_text().split()
        assert runs(pid) and all(map(there, names)) and len(names) == 2
    finally:
        os.killpg(run.pid, number)
        output, _ = run.communicate(timeout=20 * PATIENCE)
    if number == signal.SIGTERM:
        assert run.returncode == 2 and "KeyboardInterrupt" in output
    until(lambda: not runs(pid) and not any(map(there, names)), 5, "all of it is gone")


def test_all_is_ended_even_if_something_cannot():
    class Bad:
        def delete(self):
            raise OSError("it cannot be")

    stage = Stage()
    spaces = [stage.namespace("one"), stage.namespace("two")]
    process = stage.popen(spaces[0], "sleep", "1000")
    stage.nodes, stage.programs = [Bad()], [Bad()]
    with pytest.raises(OSError, match="it cannot be"):
        stage.close()
    assert process.returncode == -signal.SIGKILL
    assert not any(there(space.name) for space in spaces)


def test_no_half_of_a_namespace(monkeypatch):
    names = []

    def refuse(self, key, value):
        names.append(self.name)
        raise RuntimeError(f"{key} cannot be {value}")

    monkeypatch.setattr(netns.Namespace, "sysctl", refuse)
    with pytest.raises(RuntimeError, match="cannot be 1"):
        netns.Namespace("half")
    assert len(names) == 1 and not there(names[0])
