# SPDX-License-Identifier: BSD-3-Clause
"""What the root does about what was on its way down a connection that has ended."""

import time

from harness.node import until
from test_root_protocol import network  # noqa: F401


def say_list(first, **parents):
    """A first node's list, with those that are not directly below it below their parents."""
    below = "".join(f'<child name="{name}"' + (f' parent="{parent}"/>' if parent else "/>")
                    for name, parent in parents.items())
    first.send("childsupdate", f"<numOfDescendants>{len(parents)}</numOfDescendants>"
               f"<children>{below}</children>", to="")


def test_back_before_anybody_saw_it(network):
    """b was cut from a and is back so soon that a's list never was without d, which is below b."""
    a = network.node("a")
    b, c, d = a.child("b"), a.child("c"), a.child("d")
    say_list(a, b=None, c=None, d="b")
    until(lambda: network.program.node("d")["connected_to"] == "b", 3, "d is below b")
    time.sleep(1)  # whatever was still to be told
    before = {node: len(node.told("place")) for node in (a, c, d)}
    assert all(before.values())
    b.hello()
    say_list(a, b=None, c=None, d="b")
    until(lambda: len(d.told("place")) > before[d], 3, "d is told its place again")
    time.sleep(1)
    assert {node: len(node.told("place")) - count for node, count in before.items()} == {
        a: 0, c: 0, d: 1}
