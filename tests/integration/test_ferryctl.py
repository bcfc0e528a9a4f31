#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""ferryctl beside a node of the test's own: what it asks, what it prints, how it ends."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading

import pytest
from harness.stage import why_not
from harness.program import PATIENCE, until

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("FERRY_BUILD", HERE.parents[1] / "build"))
FERRYCTL = BUILD / "control" / "ferryctl"
TABLE = HERE.parents[1] / "control" / "ctl" / "ctl_table.h"


class Node(threading.Thread):
    """Answers each request with the next of its replies; b"" hangs up, None stays silent."""

    def __init__(self, directory, replies, one_each=False, name="node"):
        super().__init__(daemon=True)
        self.path = str(directory / f"{name}.sock")
        self.replies = list(replies)
        self.asked = []
        self.one_each = one_each  # a connection ends with its reply
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen()
        self.start()

    def run(self):
        self.serve()
        while self.one_each and self.replies:
            self.serve()

    def serve(self):
        client, _ = self.server.accept()
        with client, client.makefile("rb") as lines:
            for line in lines:
                self.asked.append(json.loads(line))
                if not self.replies:
                    return
                reply = self.replies.pop(0)
                if not reply:
                    return
                # In pieces, as a stream may come.
                for i in range(0, len(reply), 50000):
                    client.sendall(reply[i:i + 50000])
                if self.asked[-1]["command"][-1] == "--follow" or self.one_each:
                    return


def ok(data):
    return json.dumps({"ok": True, "data": data}).encode() + b"\n"


def run(*words, timeout=15 * PATIENCE):
    return subprocess.run([FERRYCTL, *words], capture_output=True, text=True, timeout=timeout)


@pytest.fixture(name="ask")
def fixture_ask(tmp_path):
    def ask(replies, *words):
        node = Node(tmp_path, replies)
        done = run("-s", node.path, *words)
        return done, node.asked
    return ask


def answer_all(server, name):
    """Whoever comes, whatever is asked."""
    while True:
        client, _ = server.accept()
        with client, client.makefile("rb") as lines:
            for _ in lines:
                client.sendall(ok([{"reason": name, "packets": 1, "text": "it is"}]))


@pytest.mark.skipif(os.geteuid() != 0, reason="a mount namespace needs root")
def test_which_is_meant(tmp_path):
    """The only node; the root program beside it is asked only if told so, or if there is no node."""
    def ask():
        os.makedirs("/run/ferry", exist_ok=True)
        return subprocess.run(
            ["unshare", "--mount", "sh", "-c", f'mount --bind {tmp_path} /run/ferry && exec "$@"', "sh",
             FERRYCTL, "show", "drops"], capture_output=True, text=True,
            timeout=15 * PATIENCE, check=False)

    assert "no node answers in /run/ferry" in ask().stderr
    # Each is looked at before it is asked, which is a connection of its own.
    for name in ("ferry-root", "left", "right"):
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(tmp_path / f"{name}.sock"))
        server.listen()
        answer = threading.Thread(target=answer_all, args=(server, name), daemon=True)
        answer.start()
        done = ask()
        if name == "right":
            assert done.returncode == 1
            assert "2 nodes run here, choose one with -n: left right" in done.stderr
        else:
            assert (done.returncode, done.stderr) == (0, "") and name in done.stdout


def test_words_go_as_they_are(ask):
    done, asked = ask([ok({"flow": 2, "path": "5 > (2, 3)"})],
                      "flow", "add", "1", "é \"quoted\"", "50", "5 > (2, 3)")
    assert asked == [{"command": ["flow", "add", "1", "é \"quoted\"", "50", "5 > (2, 3)"]}]
    assert done.stdout == "flow 2, path 5 > (2, 3)\n"
    assert (done.returncode, done.stderr) == (0, "")


def test_the_node_refuses(ask):
    done, _ = ask([b'{"ok": false, "error": "no such flow"}\n'], "flow", "remove", "1", "1", "9")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "ferryctl: no such flow\n")


def test_the_node_has_no_such_command(ask):
    done, _ = ask([b'{"ok": false, "error": "no such command", "usage": true}\n'], "flaw", "remove")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "ferryctl: no such command\n")


@pytest.mark.parametrize("reply, words", [
    (b"", "hung up"),
    (b"nonsense\n", "not one"),
    (b'{"ok": true}\n', "no data"),
    (b"[]\n", "not one"),
])
def test_a_node_that_is_none(ask, reply, words):
    done, _ = ask([reply], "show", "node")
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stdout == ""


DROPS = [{"reason": "udp_port", "packets": 1234567, "text": "nobody listens"},
         {"reason": "port_down", "packets": 1, "text": "port is down"}]


def test_table(ask):
    done, _ = ask([ok(DROPS)], "show", "drops")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == ["Drops"]
    assert lines[1] == ["PACKETS", "REASON", "MEANING"]
    assert lines[2] == ["1,234,567", "udp_port", "nobody", "listens"]
    assert lines[3] == ["1", "port_down", "port", "is", "down"]
    first, second = done.stdout.splitlines()[2:4]
    assert first.index(" udp_port") == second.index(" port_down")
    assert second.startswith("        1 ")


def test_empty_table(ask):
    done, _ = ask([ok([])], "show", "drops")
    assert done.stdout.strip() == "No packet was dropped."
    assert done.returncode == 0


@pytest.mark.parametrize("words", [["show"], ["--json", "show"], ["show", "--json"]])
def test_what_can_be_shown(ask, words):
    items = [{"what": "node", "text": "the node itself"}, {"what": "all", "text": "all of these"}]
    done, asked = ask([ok(items)], *words)
    assert asked == [{"command": ["show"]}]
    assert (done.returncode, done.stderr) == (0, "")
    if len(words) > 1:
        assert json.loads(done.stdout) == items
    else:
        assert [line.split(None, 1) for line in done.stdout.strip().splitlines()[1:]] == [
            ["WHAT", "MEANING"], ["node", "the node itself"], ["all", "all of these"]]


def test_json_is_what_the_node_said(ask):
    data = {"a": [1, 2.5, None, True, "é"], "b": {}}
    done, asked = ask([ok(data)], "show", "node", "--json")
    assert json.loads(done.stdout) == data
    assert asked == [{"command": ["show", "node"]}]


def test_large_reply(ask):
    data = [{"reason": f"r{i}", "packets": i, "text": "x" * 100} for i in range(20000)]
    done, _ = ask([ok(data)], "show", "drops")
    assert len(done.stdout.splitlines()) == 20003
    assert done.returncode == 0


def watch(*words, seconds=15 * PATIENCE, **node):
    """What it prints until it has asked as often as there are replies."""
    node = Node(**node, one_each=True)
    process = subprocess.Popen([FERRYCTL, "-s", node.path, *words], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    node.join(seconds)
    done = process.poll()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=seconds)
    return done, out, err, node.asked


def test_watch_asks_again(tmp_path):
    """The node closes after each reply, refuses once and hangs up once: it goes on."""
    refusal = b'{"ok": false, "error": "not now"}\n'
    done, out, err, asked = watch(
        "show", "drops", "--watch=0.1", directory=tmp_path,
        replies=[ok(DROPS), ok(DROPS), refusal, b"", ok(DROPS), ok(DROPS), ok([])])
    assert done is None, "it ended by itself"
    assert len(asked) == 7
    assert 3 <= out.count("udp_port") <= 4
    assert err == "ferryctl: not now\nferryctl: no reply: the node hung up\n"


def test_watch_of_whoever_runs(tmp_path):
    """Nobody is there at first, then a node, then another one. Their directory is the test's."""
    if why_not() is not None:
        pytest.skip(why_not())
    pathlib.Path("/run/ferry").mkdir(exist_ok=True)
    mount = 'mount --bind "$1" /run/ferry && exec "$2" show drops --watch=0.1'
    with open(tmp_path / "out", "w+b") as out, open(tmp_path / "err", "w+b") as err:
        process = subprocess.Popen(["unshare", "-m", "sh", "-c", mount, "sh", tmp_path, FERRYCTL],
                                   stdout=out, stderr=err)

    def printed(what, where):
        until(lambda: what in (tmp_path / where).read_text(), 10, f"{what} in {where}")

    try:
        printed("no node answers in /run/ferry", "err")
        for name in ("one", "two"):
            reply = ok([{"reason": name, "packets": 1, "text": "..."}])
            node = Node(tmp_path, [reply] * 3, one_each=True, name=name)
            printed(f" {name}", "out")
            node.join(10 * PATIENCE)
            node.server.close()
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_watch_of_no_question(tmp_path):
    done = Node(tmp_path, [b'{"ok": false, "error": "what?", "usage": true}\n'])
    done = run("-s", done.path, "show", "nothing", "--watch=0.1")
    assert (done.returncode, done.stderr) == (2, "ferryctl: what?\n")


@pytest.mark.parametrize("locale, shown", [("C.UTF-8", "/videos/é.ts"), ("C", r"/videos/\xc3\xa9.ts")])
def test_characters(tmp_path, locale, shown):
    """Where the terminal can show them they are printed as they are; numbers are not the locale's."""
    drops = [{"reason": "/videos/é.ts", "packets": 1234567, "text": "..."}]
    node = Node(tmp_path, [ok(drops)])
    done = subprocess.run(
        [FERRYCTL, "-s", node.path, "show", "drops"], capture_output=True, text=True, encoding="utf-8",
        timeout=15 * PATIENCE, env={**os.environ, "LC_ALL": locale})
    assert shown in done.stdout
    assert "1,234,567" in done.stdout


EVENTS = [
    {"number": 1, "time": "2026-11-21T03:00:00.000001Z", "event": "link_down", "text": "...",
     "peer": 5, "peer_name": "virginia", "was": "up", "rtt_us": None, "probe_loss": 0.25,
     "data_loss": 0.125, "silent_s": 0.6},
    {"number": 2, "time": "2026-11-21T03:00:01.000001Z", "event": "congestion", "text": "...",
     "peer": 6, "peer_name": None, "conference": 1, "session": 2, "queue_packets": 300,
     "queue_bytes": 70000, "drops": 1234},
]


def test_events(ask):
    done, asked = ask([ok(EVENTS)], "events", "--last", "2")
    assert asked == [{"command": ["events", "--last", "2"]}]
    assert done.stdout.splitlines() == [
        "2026-11-21T03:00:00.000001Z  link_down      peer 5 virginia: was up, probe_loss 25.00 %, "
        "data_loss 12.50 %, silent 0.6 s",
        "2026-11-21T03:00:01.000001Z  congestion     peer 6 : conference 1, session 2, "
        "queue_packets 300, queue 70.0 kB, drops 1,234"]
    assert done.returncode == 0


def test_events_as_json(ask):
    done, _ = ask([ok(EVENTS)], "events", "--json")
    assert [json.loads(line) for line in done.stdout.splitlines()] == EVENTS


def test_events_follow(ask):
    """Several replies in one piece, then nothing for a while, then the node ends."""
    more = [ok(dict(EVENTS[0], number=number)) for number in (3, 4, 5)]
    done, asked = ask([ok(EVENTS) + b"".join(more)], "events", "--follow", "--json")
    assert asked == [{"command": ["events", "--follow"]}]
    assert [json.loads(line)["number"] for line in done.stdout.splitlines()] == [1, 2, 3, 4, 5]
    assert done.returncode == 1
    assert "hung up" in done.stderr


def test_output_is_closed(tmp_path):
    """What is printed goes nowhere, and not to the node, whose socket has not the number of stdout."""
    node = Node(tmp_path, [ok([{"reason": "why", "packets": 1, "text": "it is"}])])
    done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", FERRYCTL, "-s", node.path, "show", "drops"],
                          capture_output=True, text=True, timeout=15 * PATIENCE)
    assert done.returncode == 1
    assert done.stderr == "ferryctl: cannot print: Bad file descriptor\n"
    assert node.asked == [{"command": ["show", "drops"]}]


@pytest.mark.parametrize("words", [
    ["events", "--follow", "--last", "2"], ["events", "--last", "2", "--watch=3600"]])
def test_nobody_reads_any_more(tmp_path, words):
    """As "| head -1" does: it ends, though the node says nothing more."""
    node = Node(tmp_path, [ok(EVENTS)])
    with subprocess.Popen([FERRYCTL, "-s", node.path, *words], stdout=subprocess.PIPE) as program:
        assert program.stdout.readline().startswith(b"2026-11-21T03:00:00")
        program.stdout.close()
        try:
            assert program.wait(5 * PATIENCE) == -signal.SIGPIPE
        finally:
            program.kill()


def test_no_node(tmp_path):
    done = run("-s", str(tmp_path / "none.sock"), "show", "node")
    assert done.returncode == 1
    assert "does it run?" in done.stderr
    done = run("-s", "/" + "x" * 200, "show", "node")
    assert done.returncode == 2


@pytest.mark.parametrize("words", [
    [], ["--wrong", "show", "node"], ["-w0", "show", "node"],
    ["events", "--follow", "--watch"], ["--watch", "flow", "add", "1", "1", "1", "2"], ["reload", "--watch"],
    ["-n", "a", "-r", "tree"], ["-s", "/a", "-s", "/b", "show", "node"], ["--watch=x", "show", "node"],
    ["show", "node", "--watch=-1"], ["-s"],
])
def test_usage(words):
    done = run(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr


def test_help_names_every_command():
    done = run("--help")
    assert done.returncode == 0
    words = [line.split('"')[1] for line in TABLE.read_text().splitlines()
             if line.startswith("\tX(")]
    assert len(words) >= 7
    for command in words:
        assert f"\n  {command}" in done.stdout
    assert run("--version").stdout.startswith("ferryctl ")
