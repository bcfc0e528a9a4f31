# SPDX-License-Identifier: BSD-3-Clause
"""ferry-root alone: its file, its store, ferryctl; what it knows after kill -9."""

import json
import os
import random
import signal
import socket
import stat
import subprocess
import time

import pytest

from harness.node import FERRYCTL, PATIENCE, ControlError, until
from harness.root import FERRY_ROOT, RootProgram

JSON_FILE = """{ "ConferenceList": [ { "ConferenceID": 9, "StartTime": "2012-09-02 14:22:31 UTC",
  "SessionList": [ { "SessionID": 1, "Protocol": UDP, /* or TCP */ "SrcNode": 1,
    "DstNodes": [3], "AverageRate": 100, "MaxBurstSize": 100,
    "RoutingList": [ { "FlowWeight": 1, "PathList": ["4>3"] } ] } ] } ] }
"""


def peer(name, address):
    return {"node": name, "address": address}


def session(number, port, **fields):
    return {"id": number, "source": 1, "destinations": [3], "ingress": {"udp": f"10.1.0.1:{port}"},
            "flows": [{"path": "4 > 3"}], **fields}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configuration():
    return {
        "root": {"listen": f"127.0.0.1:{free_port()}", "plain": True},
        "nodes": [
            {"name": "toronto", "id": 1, "role": "root", "peers": [peer("virginia", "10.0.0.2")]},
            {"name": "virginia", "role": "relay", "parent": "toronto", "peers": [
                peer("toronto", "10.0.0.1"), peer("waterloo", "10.0.1.2")]},
            {"name": "waterloo", "id": 3, "role": "leaf", "parent": "virginia",
             "peers": [peer("virginia", "10.0.1.1")]}],
        "conferences": [{"id": 1, "name": "first", "sessions": [session(1, 5004)]}],
    }


@pytest.fixture
def program():
    root = RootProgram(configuration(), files={"bellini.json": JSON_FILE})
    yield root
    root.delete()


def ferryctl(program, *words):
    return subprocess.run([FERRYCTL, "-s", program.socket_path, *map(str, words)],
                          capture_output=True, text=True, timeout=20 * PATIENCE, check=False)


def test_certificate(tmp_path):
    """The tree says until when the root program's own is valid; without TLS there is none."""
    subprocess.run([FERRYCTL, "ca", tmp_path], check=True)
    for tls in (True, False):
        config = configuration()
        if tls:
            config["root"] = {"listen": f"127.0.0.1:{free_port()}",
                              **{key: str(tmp_path / name) for key, name in
                                 (("certificate", "root.pem"), ("key", "root.key"),
                                  ("authority", "authority.pem"))}}
        program = RootProgram(config, files={"bellini.json": JSON_FILE})
        program.start()
        done = ferryctl(program, "tree")
        shown = program.ctl("tree")["certificate_until"]
        program.delete()
        assert (shown is not None) == tls
        assert ("certificate of ^ valid until: 20" in done.stdout) == tls, done


def test_tables_and_json(program):
    program.start()
    assert stat.S_IMODE(program.socket_path.stat().st_mode) == 0o600
    for words, expected in ((["nodes"], "virginia"), (["tree"], "away: toronto"),
                            (["conferences"], "first"), (["sessions", "first"], "4 > 3"),
                            (["events"], ""), (["help"], "route add")):
        done = ferryctl(program, *words)
        assert done.returncode == 0 and expected in done.stdout, done
        json.loads(ferryctl(program, "--json", *words).stdout or "[]")
    done = ferryctl(program, "sessions", "none")
    assert done.returncode == 1 and 'no conference "none"' in done.stderr
    done = ferryctl(program, "show", "links")
    assert done.returncode == 2 and "the root program has no command" in done.stderr
    done = ferryctl(program, "weights", 1, 1)
    assert done.returncode == 2 and 'too few words: right is "weights CONF SESSION' in done.stderr
    assert program.stop() == 0


def test_conferences_come_and_go(program):
    program.start()
    added = ferryctl(program, "add", program.directory / "bellini.json")
    assert added.returncode == 0, added.stderr
    assert program.session(9, 1)["limit_bps"] == 800000
    assert program.session(9, 1)["state"] == "running"
    with pytest.raises(ControlError, match="there already"):
        program.ctl("add", program.directory / "bellini.json")
    with pytest.raises(ControlError, match="^/nowhere/x.json: .*No such file"):
        program.ctl("add", "/nowhere/x.json")
    assert program.ctl("route", "add", 9, 1, 5, "4 > 3")["flow"] == 1
    with pytest.raises(ControlError, match="node 3 is not a peer of node 1"):
        program.ctl("route", "add", 9, 1, 5, "3")
    program.ctl("weights", 9, 1, "10:90")
    assert [flow["weight"] for flow in program.session(9, 1)["flows"]] == [10, 90]
    program.ctl("leave", 9, "waterloo")
    assert program.ctl("conferences")[1]["present"] == ["toronto"]
    program.ctl("remove", 9)
    with pytest.raises(ControlError, match="no conference"):
        program.ctl("sessions", 9)


def test_times(program):
    starts = time.time() + 2 + 2 * PATIENCE  # the program is there before
    program.config["conferences"][0]["sessions"][0].update(
        starts=time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(starts)),
        ends=time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(starts + 3)))
    program.write_config()
    program.start()
    assert program.session(1, 1)["state"] == "waiting"
    until(lambda: program.session(1, 1)["state"] == "running", 6, "the session's start")
    until(lambda: program.session(1, 1)["state"] == "ended", 5, "the session's end")


def test_file_with_mistakes_again(program):
    """They are told, with where they are, and change nothing: the program goes on as it was."""
    program.start()
    before = program.ctl("nodes"), program.ctl("sessions")
    right = program.config_path.read_text()
    first = program.config["nodes"][0]
    for text, expected in (
            (right.replace(f"id = {first['id']};", "id = 77;", 1), rf'root\.cfg:\d+: .*"{first["name"]}" has NodeID'),
            ("", r'root\.cfg: the key "root" is missing'), (right[:-20], r"root\.cfg:\d+: ")):
        assert text != right
        program.config_path.write_text(text)
        with pytest.raises(ControlError, match=expected):
            program.ctl("reload")
        assert (program.ctl("nodes"), program.ctl("sessions")) == before
    program.config_path.write_text(right)
    program.ctl("reload")


def test_mistake_in_a_conference(program):
    """The topology beside it stays as it was too, and what one file has right."""
    program.config["conference_files"] = ["more.cfg"]
    more = program.directory / "more.cfg"
    more.write_text("conferences = ();\n")
    program.write_config()
    program.start()
    before = program.ctl("nodes"), program.ctl("tree"), program.ctl("sessions")
    program.config["nodes"][2]["peers"].append(peer("new", "10.0.2.2"))
    program.config["nodes"].append({"name": "new", "role": "leaf", "parent": "virginia",
                                    "peers": [peer("waterloo", "10.0.2.1")]})
    program.config["conferences"][0]["sessions"].append(session(2, 5006))
    program.write_config()
    text = "conferences = ( { id = 7; sessions = ( { id = 1; source = 1; destinations = [ 3 ]; " \
           "flows = ( { path = \"%s\"; } ); ingress = { udp = \"10.1.0.1:%u\"; }; } ); } );\n"
    for path, port, expected in (("3", 5008, "node 3 is not a peer of node 1"),
                                 ("4 > 3", 5006, "ingress 10.1.0.1:5006 is that of session 2"),
                                 ("4 >", 5008, "path"), ("4 > 99 > 3", 5008, "there is no node 99")):
        more.write_text(text % (path, port))
        with pytest.raises(ControlError, match=rf"more\.cfg:1: .*{expected}"):
            program.ctl("reload")
        assert (program.ctl("nodes"), program.ctl("tree"), program.ctl("sessions")) == before
    more.write_text(text % ("4 > 3", 5008))
    program.ctl("reload")
    assert program.node("new")["id"] == 5 and program.node("waterloo")["peers"] == 2
    assert program.session(1, 2)["state"] == program.session(7, 1)["state"] == "running"
    program.kill()
    program.start()
    assert program.node("new")["id"] == 5 and program.session(7, 1)["state"] == "running"


def test_relay_off_the_paths(program):
    """A mistake in any file; but a path may lead round a relay at run time, and that is kept."""
    coding = {"repair": "25%", "relays": [{"node": 4}]}
    coded = program.config["conferences"][0]["sessions"][0]
    coded["coding"] = coding
    program.config["nodes"][0]["peers"].append(peer("waterloo", "10.0.2.2"))
    program.config["nodes"][2]["peers"].append(peer("toronto", "10.0.2.1"))
    program.write_config()
    program.start()
    program.ctl("route", "set", 1, 1, 0, "3")
    program.kill()
    program.start()
    assert program.session(1, 1)["flows"][0]["path"] == "3"
    more = program.directory / "more.cfg"
    more.write_text('conferences = ( { id = 7; sessions = ( { id = 1; source = 1; destinations = [ 3 ];\n'
                    'flows = ( { path = "3"; } ); ingress = { udp = "10.1.0.1:5008"; };\n'
                    'coding = { repair = "25%"; relays = ( { node = 4; } ); }; } ); } );\n')
    expected = "coding relay number 1: node is 4, it must be on one of the session's paths"
    with pytest.raises(ControlError, match=rf"more\.cfg:3: conference 7 session 1 {expected}"):
        program.ctl("add", more)
    coded["flows"][0]["path"] = "3"
    program.write_config()
    with pytest.raises(ControlError, match=rf"root\.cfg:\d+: conference 1 session 1 {expected}"):
        program.ctl("reload")


def test_ingress_moves_to_another_conference(program):
    """What a file no longer has is in nobody's way."""
    program.start()
    program.config["conferences"][0]["id"] = 2
    program.write_config()
    program.ctl("reload")
    assert [c["conference"] for c in program.ctl("conferences")] == [2]
    assert program.session(2, 1)["state"] == "running"


def test_file_again(program):
    """What was changed at run time stays until the file is another; then the file is what counts."""
    program.start()
    # By ids, whatever it was called.
    assert program.ctl("weights", "first", 1, "7") == {"conference": 1, "session": 1, "weights": "7"}
    program.ctl("add", program.directory / "bellini.json")
    program.kill()
    program.start()
    assert program.session(1, 1)["flows"][0]["weight"] == 7
    program.config["conferences"].append({"id": 2, "sessions": [session(1, 5005)]})
    program.write_config()
    program.ctl("reload")
    assert program.session(2, 1)["state"] == "running"
    assert program.session(1, 1)["flows"][0]["weight"] == 1
    assert program.session(9, 1)["state"] == "running"
    program.config["conferences"].pop(0)
    program.write_config()
    program.kill()
    program.start()
    assert [c["conference"] for c in program.ctl("conferences")] == [2, 9]
    # A mistake changes nothing.
    program.config["nodes"][1]["parent"] = "waterloo"
    program.write_config()
    with pytest.raises(ControlError, match='node "virginia": parent .*and more, in the log'):
        program.ctl("reload")
    program.kill()
    done = subprocess.run([FERRY_ROOT, "-c", program.config_path], capture_output=True, text=True,
                          timeout=10 * PATIENCE, check=False)
    assert done.returncode == 2 and 'node "virginia": parent' in done.stderr


def test_file_that_nobody_writes(program):
    """A pipe is good for the start; the program that runs waits for none."""
    text = program.config_path.read_text()
    program.config_path.unlink()
    os.mkfifo(program.config_path)
    program.start(wait=False)
    program.config_path.write_text(text)
    program.wait_ready()
    with pytest.raises(ControlError, match='root.cfg: cannot open .* it is not a regular file'):
        program.ctl("reload")
    os.mkfifo(program.directory / "more.json")
    with pytest.raises(ControlError, match='cannot read ".*more.json": it is not a regular file'):
        program.ctl("add", program.directory / "more.json")
    program.process.send_signal(signal.SIGHUP)
    assert len(program.ctl("nodes")) == 3
    program.config_path.unlink()
    program.config_path.write_text(text)
    program.ctl("reload")


def test_report_that_nobody_reads(program):
    report = program.directory / "report"
    os.mkfifo(report)
    program.config["root"].update(report=str(report), report_s=1)
    program.write_config()
    program.start()
    until(lambda: f"report {report}: it is not a regular file" in program.log(), 5, "it is told")
    assert len(program.ctl("nodes")) == 3
    report.unlink()
    until(report.exists, 5, "a report")


def test_check_tells_what_the_start_would(program):
    """No mistake of the files comes to light only at the start; NodeIDs of the store's are its own."""
    def told(*options):
        done = subprocess.run([FERRY_ROOT, *options, "-c", program.config_path], capture_output=True,
                              text=True, timeout=20 * PATIENCE, check=False)
        return done.returncode, done.stderr

    program.config["conferences"][0]["sessions"][0]["flows"][0]["path"] = "3"
    program.write_config()
    # 4 is not in the file: virginia's id is chosen at the start.
    status, mistakes = told("--check")
    assert status == 2 and "path \"3\": node 3 is not a peer of node 1, it must be" in mistakes
    program.config["nodes"][1]["id"] = 5
    program.config["conferences"].append({"id": 9, "sessions": [session(2, 5004, source=2)]})
    program.config["conference_files"] = ["bellini.json"]
    program.write_config()
    status, mistakes = told("--check")
    assert status == 2
    for mistake in ("node 3 is not a peer of node 1", "there is no node 4", "source is 2",
                    "conference 9 is there twice"):
        assert mistake in mistakes
    assert told() == (status, mistakes)


def test_store_that_cannot_be_written(program):
    """It is no mistake of the file: exit status 1, and the database is named."""
    program.start()
    program.kill()
    program.config["conferences"][0]["name"] = "another"
    program.write_config()
    done = subprocess.run(
        ["sh", "-c", 'trap "" XFSZ; ulimit -f 8; exec "$@"', "sh", FERRY_ROOT, "-c", program.config_path],
        capture_output=True, text=True, timeout=10 * PATIENCE, check=False)
    assert done.returncode == 1 and f"error: store {program.directory}/root.db: " in done.stderr, done


def test_ids_are_kept(program):
    program.start()
    assert program.node("virginia")["id"] == 4  # the lowest above those given
    program.kill()
    program.config["nodes"][1]["id"] = 2
    program.write_config()
    done = subprocess.run([FERRY_ROOT, "-c", program.config_path], capture_output=True, text=True,
                          timeout=10 * PATIENCE, check=False)
    assert done.returncode == 2
    assert 'root.cfg:' in done.stderr and 'has NodeID 4 for ever' in done.stderr


NONE = "conferences = ();\n"


def signal_at_start(program, number):
    """While it reads a file."""
    slow = program.directory / "slow.cfg"
    program.config["conference_files"] = ["slow.cfg"]
    program.write_config()
    os.mkfifo(slow)
    program.start(wait=False)
    with open(slow, "w", encoding="ascii") as out:  # waits for who reads it
        program.process.send_signal(number)
        slow.unlink()
        slow.write_text(NONE)
        out.write(NONE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_before_it_is_up(program, number):
    """As it would end later."""
    signal_at_start(program, number)
    assert program.wait() == 0
    assert "ended" in program.log()


def test_file_again_before_it_is_up(program):
    """It reads all again once it is up."""
    signal_at_start(program, signal.SIGHUP)
    program.wait_ready()
    assert "reloaded" in [event["event"] for event in program.ctl("events")]


def test_kill_at_any_moment(program):
    """Each command that was answered is known after kill -9, whenever that comes."""
    rng = random.Random(6)
    program.start()
    weight = 0
    for _ in range(8):
        end = time.monotonic() + rng.uniform(0, 0.15)
        while time.monotonic() < end:
            weight += 1
            program.ctl("weights", 1, 1, weight)
            program.ctl("leave" if weight % 2 else "join", 1, "waterloo")
        program.kill()
        program.start()
        if weight > 0:
            assert program.session(1, 1)["flows"][0]["weight"] == weight
            present = program.ctl("conferences")[0]["present"]
            assert ("waterloo" in present) == (weight % 2 == 0)
    assert weight > 8
