# SPDX-License-Identifier: BSD-3-Clause
"""Fifteen nodes and their root program carry the demo's video and numbered datagrams while one of
each kind is killed and started again: the root's picture is right again soon, and sessions not
through the dead node lose nothing. Fifty kills: ./run bench kills."""

import os

import pytest

from harness.fifteen import Fifteen, one_of_each

SEED = int(os.environ.get("FERRY_TEST_SEED", "6"))


@pytest.fixture
def network(stage):
    network = Fifteen(stage)
    yield network
    network.close()


def test_kills(network):
    network.start()
    for victim, dead in one_of_each(SEED):
        right, flows = network.kill(victim, dead)
        print(f"{victim} dead for {dead:.2f} s: right after {right:.2f} s, flows after {flows:.2f}")
    wrong = network.finish()
    assert not wrong, "\n".join(wrong)
    sent, delivered, lost = network.counts()
    # Something flowed, more came than was sent (several destinations), and the dead were missed.
    assert delivered > 1000 and delivered + lost > sent and lost > 0
