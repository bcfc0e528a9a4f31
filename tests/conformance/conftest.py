# SPDX-License-Identifier: BSD-3-Clause
"""One node for all conformance tests: to start it is the slow part."""

import pytest
from bench import ENDS, NODE, SINK, Bench
from expect import relay_one


@pytest.fixture(scope="session")
def whole_bench(session_stage):
    return Bench(session_stage)


@pytest.fixture
def bench(whole_bench, request):
    """The bench with its counters marked; the node must still run afterwards."""
    if request.session.testsfailed != whole_bench.failures:
        # What the failed test did not see must not fail this one too.
        whole_bench.failures = request.session.testsfailed
        whole_bench.forget()
    whole_bench.mark()
    yield whole_bench
    assert whole_bench.node.running(), whole_bench.node.log()


@pytest.fixture
def known(bench):
    """The same when every neighbour and the source of the sink's session have been heard: no epoch
    begins in the test."""
    if not bench.counters()[f"session {SINK} epochs"]:
        for peer in bench.peers.values():
            if peer.reachable:
                relay_one(bench, sender=peer.id)
        peer = bench.peers[21]
        for number in ENDS:
            peer.end.send(peer.frame(peer.data(f"{NODE}", bench.session(number))))
        relay_one(bench)
        bench.mark()
    return bench
