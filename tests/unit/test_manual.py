# SPDX-License-Identifier: BSD-3-Clause
"""ferryctl(1) names each command and each event that the programs' lists have."""
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
    ("control/root/root_ctl_table.h", "ROOT_CTL_COMMANDS"),
])
def test_commands(path, name):
    commands = [words for _, words in rows(path, name)]
    assert len(commands) > 20
    for words in commands:
        assert f"*{words}*" in PAGE, words


@pytest.mark.parametrize("path, name", [
    ("dataplane/worker/event.h", "WORKER_EVENTS"),
    ("control/root/root_events.h", "ROOT_EVENTS"),
])
def test_events(path, name):
    events = [event for event, _ in rows(path, name)]
    assert len(events) >= 5
    for event in events:
        assert f"*{event}*" in PAGE, event
