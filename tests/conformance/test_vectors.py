# SPDX-License-Identifier: BSD-3-Clause
"""The vectors of dataplane/wire/WIRE.md: the scapy layers, the dissector and the C code make of each
datagram what the document says, and build those that leave a source.

WIRE_DECODE names the C program (wire_decode.c)."""

import os
import pathlib
import random
import subprocess

import pytest
import wire_c
import wire_random
import wire_tshark
from ferry_judge import decode, judge
from ferry_routes import RouteError, datagrams, routing_info, text_of, tree
from ferry_scapy import DATA, LINK_BYTES, NODE_ID_MAX, PROBE, PROBE_REPLY, FerryLink, Pathlet
from wire_generation import solve
from wire_vectors import generations, policies, vectors

VECTORS = vectors()
GOOD = [v for v in VECTORS if v.decoded]
BAD = [v for v in VECTORS if v.drop]
POLICIES = sorted({(v.policy, v.text) for v in VECTORS if v.policy})
SEED = 13779


def judged_where_it_belongs(vector_data, receiver):
    """The judgement of the node that the Pathlet names, which is what the dissector shows."""
    named = int.from_bytes(vector_data[26:30], "big") & NODE_ID_MAX
    return judge(vector_data, named if len(vector_data) >= 30 else receiver)


def by_name(vector):
    return vector.name.replace(" ", "-")


def agree(found, vector):
    """What a decoder found is what the vector says; a long Pathlet may be left out there."""
    wanted = dict(vector.decoded)
    if "pathlet" not in wanted:
        found = {key: value for key, value in found.items() if key != "pathlet"}
    assert found == wanted


@pytest.fixture(scope="module")
def dissected(tmp_path_factory):
    """Every vector as the dissector shows it: {(family, name): decoded}."""
    keys = [(family, v) for family in wire_tshark.OUTER for v in VECTORS]
    frames = [wire_tshark.frame(v.data, family) for family, v in keys]
    found = wire_tshark.dissect(tmp_path_factory.mktemp("tshark"), frames)
    assert len(found) == len(keys)
    return {(family, v.name): fields for (family, v), fields in zip(keys, found)}


# --- the document -------------------------------------------------------------------------------


def test_document_is_complete():
    names = [v.name for v in VECTORS]
    assert len(set(names)) == len(names)
    assert {v.decoded["link"]["type"] for v in GOOD} == {0, 1, 2, 3, 4}
    rows = policies()
    assert len(rows) == 8
    assert {(name, text) for name, text, _ in rows} == set(POLICIES)


@pytest.mark.parametrize("name, text, pathlets", policies())
def test_policy_table(name, text, pathlets):
    assert [bytes(p) for p in tree(text)] == pathlets
    assert text_of(tree(text)) == text
    assert wire_c.encode(text) == (text, b"".join(pathlets).hex())


# --- decoding -----------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", GOOD, ids=by_name)
def test_scapy_decodes(vector):
    assert judge(vector.data, vector.receiver) is None
    agree(decode(vector.data), vector)


@pytest.mark.parametrize("family", wire_tshark.OUTER)
@pytest.mark.parametrize("vector", GOOD, ids=by_name)
def test_dissector_decodes(dissected, vector, family):
    agree(dissected[family, vector.name], vector)


@pytest.mark.parametrize("vector", GOOD, ids=by_name)
def test_c_decodes(vector):
    agree(wire_c.take(vector.receiver, vector.data)["decoded"], vector)


@pytest.mark.parametrize("vector", GOOD, ids=by_name)
def test_decoders_agree_on_the_tree(dissected, vector):
    """Also where the document leaves the tree out."""
    trees = [
        decode(vector.data).get("pathlet"),
        dissected["IPv4", vector.name].get("pathlet"),
        wire_c.take(vector.receiver, vector.data)["decoded"].get("pathlet"),
    ]
    assert trees[0] == trees[1] == trees[2]
    assert (trees[0] is not None) == (vector.decoded["link"]["type"] == 0)


@pytest.mark.parametrize("generation", generations(), ids=lambda g: g["name"].replace(" ", "-"))
def test_generation_from_the_document_alone(generation):
    """A second implementation, written from WIRE.md, gets the source packets back."""
    named = {v.name: v for v in GOOD}
    packets = [FerryLink(named[name].data) for name in generation["vectors"]]
    assert solve(packets, generation["first"]) == generation["sources"]


# --- encoding -----------------------------------------------------------------------------------


@pytest.mark.parametrize("policy, text", POLICIES)
def test_scapy_builds(policy, text):
    wanted = [v for v in VECTORS if (v.policy, v.text) == (policy, text)]
    links = {v.receiver: v.decoded["link"] for v in wanted}
    session, payload = wanted[0].decoded["session"], bytes.fromhex(wanted[0].decoded["payload"])
    built = datagrams(text, link=links.get, session=session, payload=payload)
    assert [(hop, bytes(packet)) for hop, packet in built] == [(v.receiver, v.data) for v in wanted]


@pytest.mark.parametrize("vector", GOOD, ids=by_name)
def test_c_sends_on(vector):
    """A node delivers and sends on what the Pathlet says, all but the link header unchanged."""
    answer = wire_c.take(vector.receiver, vector.data)
    sent = [bytes.fromhex(data) for data in answer["sent"]]
    kind = vector.decoded["link"]["type"]
    if kind == PROBE:
        assert [decode(data)["link"]["type"] for data in sent] == [PROBE_REPLY]
        assert sent[0][LINK_BYTES:] == vector.data[LINK_BYTES:]
    elif kind == DATA:
        own = decode(vector.data)["pathlet"]
        rest = vector.data[LINK_BYTES + own["length"] :]
        wanted = [bytes(p) + rest for p in FerryLink(vector.data)[Pathlet].inner]
        assert sorted(data[LINK_BYTES:] for data in sent) == sorted(wanted)
        assert {decode(data)["link"]["node"] for data in sent} <= {vector.receiver}
        assert answer["asked_delivery"] == own["destination"]
    else:
        assert not sent
    assert answer["unknown_hops"] == 0


@pytest.mark.parametrize("vector", [v for v in GOOD if v.copy_of], ids=by_name)
def test_c_makes_the_copies_shown(vector):
    original = next(v for v in GOOD if v.name == vector.copy_of)
    sent = wire_c.take(original.receiver, original.data)["sent"]
    assert vector.data[LINK_BYTES:] in [bytes.fromhex(data)[LINK_BYTES:] for data in sent]


# --- refusing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", BAD, ids=by_name)
def test_scapy_judges(vector):
    assert judge(vector.data, vector.receiver) == vector.drop


@pytest.mark.parametrize("family", wire_tshark.OUTER)
@pytest.mark.parametrize("vector", BAD, ids=by_name)
def test_dissector_judges(dissected, vector, family):
    wanted = judged_where_it_belongs(vector.data, vector.receiver)
    assert wanted == vector.drop or vector.drop == "pathlet_wrong_node"
    assert dissected[family, vector.name].get("drop") == wanted


@pytest.mark.parametrize("vector", BAD, ids=by_name)
def test_c_judges(vector):
    assert wire_c.take(vector.receiver, vector.data) == {"drop": vector.drop}


BAD_TEXTS = {
    "nothing": "",
    "id 0": "0",
    "id too high": "2147483648",
    "id far too high": "99999999999999999999999",
    "no id": ">",
    "a sign": "-1",
    "a word": "one",
    "no number at its end": "1 >",
    "star alone": "*",
    "two stars": "1**",
    "star before": "*1",
    "two trees": "1 2",
    "comma outside": "1, 2",
    "not closed": "(1, 2",
    "not opened": "1, 2)",
    "empty brackets": "1 > ()",
    "comma at the end": "(1, 2,)",
    "brackets in brackets": "((1, 2))",
    "star behind brackets": "(1, 2)*",
    "equal branches": "1 > (2, 2)",
    "equal branches outermost": "(1 > 2, 1 > 3)",
    "a way back": "1 > 2 > 1",
    "a node after itself": "1 > 1",
    "33 deep": " > ".join(str(i) for i in range(1, 34)),
    "516 bytes": "(" + ", ".join(str(i) for i in range(1, 87)) + ")",
}


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS.keys())
def test_bad_texts(text):
    with pytest.raises(RouteError):
        tree(text)
    assert wire_c.encode(text) is None


# --- all of it, at random -----------------------------------------------------------------------


def test_random_trees_alike():
    """Text to bytes and back, scapy layers beside C."""
    rng = random.Random(SEED)
    for _ in range(300):
        text = wire_random.text(rng)
        assert wire_c.encode(text) == (text_of(tree(text)), routing_info(text).hex()), text


def test_random_damage_judged_alike(tmp_path):
    """Datagrams damaged at random: one judgement from three programs."""
    rng = random.Random(SEED)
    cases = [wire_random.damaged(rng) for _ in range(3000)]
    wanted = [judge(data, own) for own, data in cases]
    found = [wire_c.take(own, data).get("drop") for own, data in cases]
    for (own, data), by_scapy, by_c in zip(cases, wanted, found):
        assert by_c == by_scapy, f"seed {SEED}, node {own}: {data.hex()}"
    assert len(set(wanted)) >= 11, "the damage does not reach all checks"

    shown = [(own, data) for own, data in cases if data][:1000]
    frames = [wire_tshark.frame(data, "IPv4") for _, data in shown]
    drops = wire_tshark.fields(tmp_path, frames, "ferry.drop")
    for (own, data), (drop,) in zip(shown, drops, strict=True):
        wanted_drop = judged_where_it_belongs(data, own) or ""
        assert drop == wanted_drop, f"seed {SEED}, node {own}: {data.hex()}"


# --- the dissector in use -----------------------------------------------------------------------


def test_dissector_display_filter(tmp_path):
    frames = [wire_tshark.frame(v.data, "IPv6") for v in GOOD]
    chosen = wire_tshark.fields(
        tmp_path, frames, "ferry.link.seq",
        options=("-Y", "ferry.pathlet.node == 3 && ferry.link.node == 9"),
    )  # fmt: skip
    wanted = [
        (str(v.decoded["link"]["seq"]),)
        for v in GOOD
        if v.decoded["link"]["node"] == 9 and "'node': 3," in str(decode(v.data).get("pathlet"))
    ]
    assert len(wanted) > 3 and chosen == wanted


def test_dissector_port_preference(tmp_path):
    frames = [wire_tshark.frame(GOOD[0].data, "IPv4", port) for port in (13779, 14000)]
    node = (str(GOOD[0].decoded["link"]["node"]),)
    assert wire_tshark.fields(tmp_path, frames, "ferry.link.node") == [node, ("",)]
    moved = wire_tshark.fields(
        tmp_path, frames, "ferry.link.node", options=("-o", "ferry.port:14000")
    )
    assert moved == [("",), node]


# --- DPDK's environment in programs that test ---------------------------------------------------


def test_no_directory_of_dpdk_stays(tmp_path):
    parent = pathlib.Path("/var/run" if os.getuid() == 0 else tmp_path, "dpdk")
    process = subprocess.Popen([os.environ["WIRE_DECODE"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True, env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)})
    process.stdin.write('{"text": "1 > 2"}\n')
    process.stdin.flush()
    assert "hex" in process.stdout.readline()
    own = parent / f"ferry-test-{process.pid}"
    assert own.is_dir()
    process.communicate(timeout=30)
    assert process.returncode == 0 and not own.exists()
