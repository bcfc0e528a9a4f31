#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Statistics up the tree as a running node sends them: its children and its root are the test's."""

import xml.etree.ElementTree as ET

import pytest
from protocol_scene import Scene

STREAM = 7 << 32 | 2
CONTAINER = ("<statsContainer><startTime>1368548254</startTime><endTime>1368548879</endTime>"
             "<numOfChildren>{children}</numOfChildren><id>{id}</id><statArray>{values}</statArray>"
             "</statsContainer>")


def body(children=0, stream=STREAM, **values):
    """Values' names have "__" for "."."""
    pairs = "".join(f"<DBValue><name>{name.replace('__', '.')}</name><value>{value}</value></DBValue>"
                    for name, value in values.items())
    container = CONTAINER.format(children=children, id=stream, values=pairs)
    return f"<statsContainers>{container}</statsContainers>"


def containers(message):
    """By stream: (container, values)."""
    return {int(c.findtext("id")): (c, {v.findtext("name"): v.findtext("value")
                                       for v in c.iter("DBValue")})
            for c in message.iter("statsContainer")}


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    scene = Scene(tmp_path_factory.mktemp("stats"))
    scene.node.config["statistics"] = {"interval": 100, "report": 1}
    scene.node.write_config()
    scene.node.start(wait=False)
    scene.join()
    scene.node.wait_ready()
    yield scene
    scene.node.delete()
    scene.namespace.delete()


def child(scene, name):
    connection = scene.child(name)
    connection.expect("ping")
    return connection


def expect_stream(scene, wanted):
    """The next report in which the stream is (values) or is not (None) as wanted says."""
    def right(message):
        found = containers(message).get(STREAM)
        return wanted(found[1] if found else None)

    return containers(scene.root.expect("stats", 10, where=right))


def test_own(scene):
    message = scene.root.expect("stats", 10, where=lambda m: "cpuload" in containers(m)[0][1])
    assert message.get("from") in (None, "relay1") and message.get("to") is None
    container, values = containers(message)[0]
    assert container.findtext("numOfChildren") == "0"
    assert int(container.findtext("endTime")) - int(container.findtext("startTime")) in (0, 1, 2)
    assert values["weight"] == "1"
    assert 0 <= float(values["cpuload"]) <= 1
    assert values["cpuload.max"] == values["cpuload"] and values["cpuload.maxnode"] == "relay1"


def test_children(scene):
    one, three = child(scene, "leaf1"), child(scene, "leaf3")
    # leaf1 speaks for four nodes; leaf3 says no weight, and has no children.
    one.send("stats", body(3, weight=4, injitter=100, injitter__max=300, injitter__maxnode="leaf2",
                           cumpktlost=12, cumpktlost__sum=48, owd=" ".join(["1"] * 17)))
    three.send("stats", body(injitter=50, cumpktlost=2, owd=" ".join(["2"] * 17)))
    report = expect_stream(scene, lambda values: values and values["weight"] == "5")
    container, values = report[STREAM]
    assert container.findtext("numOfChildren") == "2"
    assert float(values["injitter"]) == pytest.approx((4 * 100 + 50) / 5, rel=1e-12)
    assert float(values["injitter.max"]) == 300 and values["injitter.maxnode"] == "leaf2"
    assert float(values["cumpktlost"]) == pytest.approx((4 * 12 + 2) / 5, rel=1e-12)
    assert float(values["cumpktlost.sum"]) == 50
    assert values["owd"] == " ".join(["3"] * 17)
    assert report[0][1]["weight"] == "1"
    # A later report takes the place of the one before.
    three.send("stats", body(injitter=150))
    report = expect_stream(scene, lambda values: values and float(values["injitter"]) == 110)
    assert report[STREAM][1]["cumpktlost.weight"] == "4"
    # A child that is gone says nothing more.
    one.close()
    report = expect_stream(scene, lambda values: values and values["weight"] == "1")
    assert report[STREAM][1]["injitter.maxnode"] == "leaf3"
    three.close()
    expect_stream(scene, lambda values: values is None)


@pytest.mark.parametrize("named", ["leaf3", "relay1", "leaf9"])
def test_worst_node_elsewhere(scene, named):
    """A child names itself or one below it; of another it is said to speak of itself."""
    one = child(scene, "leaf1")
    one.send("stats", body(injitter=100, injitter__max=300, injitter__maxnode=named))
    values = expect_stream(scene, lambda values: values and "injitter" in values)[STREAM][1]
    assert (float(values["injitter.max"]), values["injitter.maxnode"]) == (300, "leaf1")
    one.close()
    expect_stream(scene, lambda values: values is None)


def test_wrong(scene):
    one = child(scene, "leaf1")
    for values in ({"injitter": "much"}, {"weight": 0}, {"fraclost": 2}, {"owd": "1 2 3"}):
        one.expect_error(422, request=one.send("stats", body(**values)))
    # Only for itself.
    one.expect_error(409, request=one.send("stats", body(injitter=1), from_="leaf2"))
    scene.root.expect_error(409, request=scene.root.send("stats", body(injitter=1), to="relay1"))
    expect_stream(scene, lambda values: values is None)
    one.close()


def test_full(scene):
    asked = scene.root.send("reqfullstats", to="relay1")
    answer = scene.root.expect("fullstats")
    assert answer.get("time") == ET.fromstring(asked).get("time")
    assert (answer.get("to"), answer.get("from")) == ("^", "relay1")
    database, end = list(answer)
    assert (database.tag, end.tag) == ("xmlDb", "endTime")
    assert "cpuload" in containers(answer)[0][1]


def test_full_of_another_stream(scene):
    asked = scene.root.send("reqfullstats", f"<pipeid>{STREAM}</pipeid>", to="relay1")
    scene.root.expect_error(404, request=asked)
