# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of all tests that run real nodes."""

import pathlib
import signal

import pytest

from .program import ROOT
from .stage import Stage, why_not

_told_to_end = []


def pytest_configure():
    """SIGTERM, as Ctrl-C, ends the run at once, but all that it put up goes."""
    def end(number, _):
        _told_to_end.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)


def _stage(request):
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    stage = Stage()
    failed = request.session.testsfailed
    try:
        yield stage
        if not _told_to_end:
            stage.check()
    finally:
        if request.session.testsfailed > failed or request.config.getoption("verbose") > 1:
            for node in stage.nodes:
                print(f"--- log of {node.name}\n{node.log()}")
        stage.close()


@pytest.fixture
def stage(request):
    """Namespaces and nodes for one test; at its end the sums of every node are checked."""
    yield from _stage(request)


@pytest.fixture(scope="module")
def module_stage(request):
    """The same for all tests of a file."""
    yield from _stage(request)


@pytest.fixture(scope="session")
def session_stage(request):
    """The same for the whole run."""
    yield from _stage(request)


@pytest.fixture
def root():
    return pathlib.Path(ROOT)
