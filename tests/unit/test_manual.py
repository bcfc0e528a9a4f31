# SPDX-License-Identifier: BSD-3-Clause
"""Manual pages and READMEs name what the programs' lists have: ferryctl(1) each command, each
thing that can be shown and each event, ferry.cfg(5) each key at the top, bench/README.md each part
of a benchmark."""
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "control" / "man" / "ferryctl.1.scd").read_text()


def rows(path, name):
    """What begins each row X(...) of a list of a header."""
    text = (ROOT / path).read_text()
    (body,) = re.findall(rf"^#define {name}\(X\)(.*?[^\\])$", text, re.M | re.S)
    return re.findall(r"\bX\((\w+),(?:\s*\\\s)?\s*(?:\"([\w ]*)\")?", body)


@pytest.mark.parametrize("path, name", [
    ("control/ctl/ctl_table.h", "CTL_COMMANDS"),
    ("control/ctl/root_ctl_table.h", "ROOT_CTL_COMMANDS"),
])
def test_commands(path, name):
    commands = [words for _, words in rows(path, name)]
    assert len(commands) > 20
    for words in commands:
        assert f"*{words}*" in PAGE, words


def test_what_can_be_shown():
    """ferryctl's help, its page and its completion have what the node's list has, and no more."""
    source = (ROOT / "control" / "show" / "show.c").read_text()
    (body,) = re.findall(r"show_items\[\] = \{(.*?)^\};", source, re.M | re.S)
    items = re.findall(r'^\t\{"(\w+)", "', body, re.M)
    assert len(items) == body.count('{"') and len(items) > 10
    table = (ROOT / "control" / "ctl" / "ctl_table.h").read_text()
    (helped,) = re.findall(r'"list what can be shown, or show ([^"]*)"', table)
    assert re.split(r", | or ", helped) == items
    (section,) = re.findall(r"^\*show\* .*?(?=^\*\w+\*)", PAGE, re.M | re.S)
    assert sorted(re.findall(r"^\t- \*(\w+)\*:", section, re.M)) == sorted(items)
    script = (ROOT / "control" / "ctl" / "ferryctl.bash").read_text()
    (words,) = re.findall(r'show\) mapfile [^"]*"([^"]*)"', script)
    assert words.split() == items


@pytest.mark.parametrize("path, name", [
    ("dataplane/worker/event.h", "WORKER_EVENTS"),
    ("control/root/root_events.h", "ROOT_EVENTS"),
])
def test_events(path, name):
    events = [event for event, _ in rows(path, name)]
    assert len(events) >= 5
    for event in events:
        assert f"*{event}*" in PAGE, event


def test_keys_at_the_top():
    """And which of them must be there."""
    page = (ROOT / "control" / "man" / "ferry.cfg.5.scd").read_text()
    source = (ROOT / "control" / "config" / "config_load.c").read_text()
    (body,) = re.findall(r"root_keys\[\] = \{(.*?)^\};", source, re.M | re.S)
    keys = re.findall(r'\.name = "(\w+)", \.kind = KEY_CUSTOM,( \.flags = KEY_NEEDED)?', body)
    (named,) = re.findall(r"^\w+ keys stand at the top: ([^.]*)\.", page, re.M)
    assert len(keys) == body.count(".name") and len(keys) >= 6
    assert re.findall(r"\*(\w+)\*", named) == [key for key, _ in keys]
    for key, needed in keys:
        section = page.split(f"\n# {key.upper()}\n")[1].split("\n# ")[0]
        assert bool(needed) == bool(re.search(rf"\*{key}\*[^.]*must be there", section)), key


@pytest.mark.parametrize("name", ["coding", "feeder", "scale", "stages", "stats"])
def test_parts_of_benchmarks(name):
    (body,) = re.findall(r"\.parts = \{(.*?)\},\n\t\.", (ROOT / "bench" / f"{name}.c").read_text(), re.S)
    readme = (ROOT / "bench" / "README.md").read_text()
    (named,) = re.findall(rf"^\./run bench {name} \[--only ([\w|]+)\]", readme, re.M)
    assert named.split("|") == re.findall(r'\{"(\w+)"', body)
