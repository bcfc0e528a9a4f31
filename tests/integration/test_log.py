#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Lines of the log begin with the time, where nobody else notes it."""
import datetime
import os
import pty
import re
import subprocess

import pytest

from harness.node import BUILD, PATIENCE

TIME = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z "
# They end at once: there is no place for a store, or for a socket.
CONFIGURATIONS = {
    "ferry-root": 'root = { listen = "127.0.0.1:1"; plain = true; store = "/proc/none/root.db"; };\n'
                  "nodes = ();\n",
    "ferryd": 'node = { id = 1; name = "n"; socket = "/proc/none/n.sock"; };\n'
              'ports = ( { name = "p"; device = "net_null0"; addresses = [ "10.0.0.1/24" ]; } );\n',
}


def own(program, text):
    """The program's own lines: DPDK writes there too."""
    lines = [line for line in text.splitlines() if re.search(rf"(^|Z ){program}( n)?: ", line)]
    assert any("error: " in line and "/proc/none" in line for line in lines), text
    return lines


def run(program, path, stderr, **environment):
    done = subprocess.run([BUILD / "control" / program, "-c", path], stdin=subprocess.DEVNULL, stderr=stderr,
                          timeout=60 * PATIENCE, check=False, env={**os.environ, **environment})
    assert done.returncode == 1


@pytest.mark.parametrize("program", CONFIGURATIONS)
def test_time(program, tmp_path):
    path, log = tmp_path / "x.cfg", tmp_path / "log"
    path.write_text(CONFIGURATIONS[program])
    before = datetime.datetime.utcnow() - datetime.timedelta(milliseconds=1)
    with open(log, "wb") as file:
        run(program, path, file, TZ="America/Toronto", JOURNAL_STREAM="1:2")
        after = datetime.datetime.utcnow()
        for line in own(program, log.read_text()):
            told = re.match(TIME, line)
            assert told and before <= datetime.datetime.fromisoformat(told.group(1)) <= after, line
    with open(log, "wb") as file:
        stat = os.fstat(file.fileno())
        run(program, path, file, JOURNAL_STREAM=f"{stat.st_dev}:{stat.st_ino}")
    assert all(line.startswith(program) for line in own(program, log.read_text()))
    terminal, end = pty.openpty()
    run(program, path, end)
    os.close(end)
    text = os.read(terminal, 65536).decode()
    os.close(terminal)
    assert all(line.startswith(program) for line in own(program, text))
