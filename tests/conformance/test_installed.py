# SPDX-License-Identifier: BSD-3-Clause
"""A node that forwards installed sessions only, and what it does with coded ones: a destination that
says DECODED, a relay that combines anew and passes DECODED on (WIRE.md, sections 5, 7 and 11)."""

import struct
import time

import ferry_routes
import ferry_scapy as fs
import pytest
from bench import CONF, NODE
from installed_bench import (BOTH, DEADLINE_MS, K, PLAIN, RATELESS, RELAYED, SHORT, UNTOLD, Generation,
                             InstalledBench)
from wire_generation import solve

from harness.node import until


@pytest.fixture(scope="module")
def bench_of_module(module_stage):
    return InstalledBench(module_stage)


@pytest.fixture
def bench(bench_of_module):
    for end in bench_of_module.ends.values():
        end.take()
    for source in bench_of_module.sources.values():
        source.restart()
    yield bench_of_module
    assert bench_of_module.node.running(), bench_of_module.node.log()


def pathlet(text):
    (branch,) = ferry_routes.tree(text)
    return bytes(ferry_routes.own_pathlet(branch))


def route_and_rest(datagram):
    """(the Pathlet as bytes, session header and all after it)."""
    length, = struct.unpack("!H", datagram[:2])
    return datagram[:length], datagram[length:]


# --- forward_not_installed ------------------------------------------------------------------------

@pytest.mark.parametrize("path", [f"{NODE} > 22", f"{NODE}* > 22", f"{NODE} > (22, 99)", f"{NODE} > 99"])
def test_not_installed(bench, path):
    """The whole of it, its delivery too, and before a branch is looked at."""
    assert bench.dropped(lambda: bench.send(UNTOLD, path)) == {"forward_not_installed": 1}
    assert bench.silent(22)


def test_too_deep_comes_before_not_installed(bench):
    deep = b""
    for node in [0x80000000 | 200, *range(131, 100, -1), NODE]:
        deep = struct.pack("!HI", 6 + len(deep), node) + deep
    assert bench.dropped(lambda: bench.send(UNTOLD, deep)) == {"pathlet_too_deep": 1}


def test_what_ends_here_passes(bench):
    assert bench.dropped(lambda: bench.send(UNTOLD, f"{NODE}")) == {"session_unknown": 1}


def test_what_it_was_told_of_is_forwarded(bench):
    sent = []
    assert bench.dropped(lambda: sent.append(bench.send(PLAIN, f"{NODE} > 22", b"told"))) == {}
    assert bench.came(22) == pathlet("22") + bytes(sent[0]) + b"told"


# --- a destination --------------------------------------------------------------------------------

def send_all(bench, number, path, generation, sender=21):
    for i in range(K):
        after, fields = generation.source(i, final=int(i == K - 1))
        bench.send(number, path, after, sender, **fields)


def decoded_of(bench, number, generation):
    return bytes(fs.FerryDecoded(conference=CONF, session=number, seq=generation.first,
                                 epoch=bench.source(number).epoch))


def test_destination_says_decoded(bench):
    """To whom completed the generation, then to whom a combination of it still comes from."""
    generation = Generation()
    send_all(bench, RATELESS, f"{NODE}", generation)
    assert bench.came(21, fs.DECODED) == decoded_of(bench, RATELESS, generation)
    after, fields = generation.source(3)
    assert bench.dropped(lambda: bench.send(RATELESS, f"{NODE}", after, **fields)) == {"session_duplicate": 1}
    assert bench.silent(21, fs.DECODED), "nothing is said of a source packet"
    after, fields = generation.combined()
    assert bench.dropped(lambda: bench.send(RATELESS, f"{NODE}", after, 31, **fields)) == {
        "coding_dependent": 1}
    assert bench.came(31, fs.DECODED) == decoded_of(bench, RATELESS, generation)
    assert bench.silent(21, fs.DECODED)


def test_decoded_of_a_known_session_is_consumed(bench):
    for number in (RATELESS, SHORT, PLAIN):
        assert bench.dropped(lambda n=number: bench.say_decoded(22, n, 4711)) == {}
    assert bench.silent(21, fs.DECODED)


def test_nobody_says_decoded_without_rateless_repair(bench):
    send_all(bench, SHORT, f"{NODE}", Generation())
    assert bench.silent(21, fs.DECODED)


def test_contradiction_and_what_is_given_up(bench):
    """Of two that contradict each other the later one is refused; a source packet is delivered."""
    generation = Generation()
    after, fields = generation.combined(seed=6, n=3)
    assert bench.dropped(lambda: bench.send(SHORT, f"{NODE}", after, **fields)) == {}
    for n, final in ((4, 0), (4, 1), (2, 1)):
        other, fields = generation.combined(seed=7, n=n, final=final)
        assert bench.dropped(lambda: bench.send(SHORT, f"{NODE}", other, **fields)) == {
            "coding_malformed": 1}, (n, final)
    source, fields = generation.source(5)
    delivered = bench.node.destination(CONF, SHORT)["packets"]
    assert bench.dropped(lambda: bench.send(SHORT, f"{NODE}", source, **fields)) == {}
    assert bench.node.destination(CONF, SHORT)["packets"] == delivered + 1
    before = bench.node.drops().get("coding_given_up", 0)
    until(lambda: bench.node.drops().get("coding_given_up", 0) == before + 1, 2, "it is given up")
    after, fields = generation.combined(seed=8, n=3)
    assert bench.dropped(lambda: bench.send(SHORT, f"{NODE}", after, **fields)) == {"coding_late": 1}


def test_combination_far_ahead(bench):
    """Dropped, and the same once more, until another one is as far ahead."""
    after, fields = Generation().source(0)
    bench.send(SHORT, f"{NODE}", after, **fields)
    far = Generation(first=5000)
    for seed, dropped in ((1, {"session_far_ahead": 1}), (1, {"session_far_ahead": 1}), (2, {})):
        after, fields = far.combined(seed=seed)
        fields = {**fields, "flow_seq": seed}
        assert bench.dropped(lambda: bench.send(SHORT, f"{NODE}", after, **fields)) == dropped, seed
    before = bench.node.drops().get("coding_given_up", 0)
    time.sleep(DEADLINE_MS / 1000)
    until(lambda: bench.node.drops().get("coding_given_up", 0) == before + 1, 2, "it is given up")


# --- a relay that combines ------------------------------------------------------------------------

def test_relay_combines_and_merges_pathlets(bench):
    """What it sends to a next hop has the union of the Pathlets that came for that next hop, and is
    enough to compute all that came."""
    generation = Generation()
    got = []
    for i, (way, union) in enumerate((
            ("22 > 5", "22 > 5"), ("22 > (6, 7)", "22 > (5, 6, 7)"), ("22* > 5 > 9", "22* > (5* > 9, 6, 7)"),
            ("22", "22* > (5* > 9, 6, 7)"))):
        after, fields = generation.source(i)
        sent = bench.send(RELAYED, f"{NODE} > {way}", after, **fields)
        route, rest = route_and_rest(bench.came(22))
        assert route == pathlet(union), way
        header = fs.FerrySession(rest)
        assert (header.seq, header.epoch, header.stamp) == (0, sent.epoch, generation.stamps[0])
        got.append(fs.FerryLink() / fs.Pathlet(pathlet("22")) / header)
    coding = fs.FerryCoding(bytes(got[-1][fs.FerrySession].payload))
    assert (coding.kind, coding.n) == (fs.RECODED, 4)
    assert [source["payload"] for source in solve(got, 0)] == [p.hex() for p in generation.payloads[:4]]


@pytest.mark.parametrize("after", [
    b"\xff\xff\xff", b"\x30\x08\0\0" + bytes(20), b"\x20\x08\0\0" + bytes(16), b"\x10\x08\0\1x",
    b"\x01\x02\0\0xx", b"\x10\x09\0\1" + bytes(20), b"\x11\x08\0\1" + bytes(20)], ids=lambda b: b[:4].hex())
def test_relay_sends_on_as_it_came(bench, after):
    """What fails the checks 1 to 5 of a coding header, or is not of the session's code."""
    session = bench.send(RELAYED, f"{NODE} > 22", after, seq=0, flags=fs.CODED)
    assert bench.came(22) == pathlet("22") + bytes(session) + after


def test_relay_sends_on_what_contradicts(bench):
    generation = Generation()
    after, fields = generation.combined(seed=1, n=4)
    bench.send(RELAYED, f"{NODE} > 22", after, **fields)
    assert fs.FerryCoding(route_and_rest(bench.came(22))[1][fs.SESSION_BYTES:]).n == 4
    for seed in (2, 3):
        after, fields = generation.combined(seed=seed, n=K)
        session = bench.send(RELAYED, f"{NODE} > 22", after, **fields)
        assert bench.came(22) == pathlet("22") + bytes(session) + after
    # In doubt: nothing is passed on.
    bench.say_decoded(22, RELAYED, 0)
    assert bench.silent(21, fs.DECODED)


def test_relay_passes_decoded_on(bench):
    """Once each branch has said it; then for what still arrives, which goes no further."""
    generation = Generation()
    send_all(bench, RELAYED, f"{NODE} > (22, 31)", generation)
    for number in (22, 31):
        for _ in range(K):
            assert bench.came(number) is not None
    bench.say_decoded(22, RELAYED, 0)
    assert bench.silent(21, fs.DECODED)
    after, fields = generation.combined(seed=1)
    bench.send(RELAYED, f"{NODE} > (22, 31)", after, **fields)
    assert bench.came(31) is not None and bench.silent(22) and bench.silent(21, fs.DECODED)
    bench.say_decoded(31, RELAYED, 0)
    assert bench.came(21, fs.DECODED) == decoded_of(bench, RELAYED, generation)
    after, fields = generation.combined(seed=2)
    bench.send(RELAYED, f"{NODE} > (22, 31)", after, **fields)
    assert bench.came(21, fs.DECODED) == decoded_of(bench, RELAYED, generation)
    assert bench.silent(22) and bench.silent(31)


def test_destination_that_relays_says_decoded_for_both(bench):
    generation = Generation()
    send_all(bench, BOTH, f"{NODE}* > 22", generation)
    assert bench.silent(21, fs.DECODED), "it has all itself, but its branch did not say so"
    bench.say_decoded(22, BOTH, 0)
    assert bench.came(21, fs.DECODED) == decoded_of(bench, BOTH, generation)
