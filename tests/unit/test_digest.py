# SPDX-License-Identifier: BSD-3-Clause
"""What the end of a long log says of what failed: nothing that is needed to know why is left out."""
import json
import pathlib
import subprocess

import pytest

DIGEST = pathlib.Path(__file__).resolve().parents[1] / "digest.py"


def digest(*words):
    return subprocess.run(["/usr/bin/python3", "-B", DIGEST, *words], capture_output=True,
                          text=True, check=True).stdout


def row(name, stdout="", stderr="", result="FAIL"):
    return {"name": f"ferry:unit / {name}", "stdout": stdout, "stderr": stderr, "result": result,
            "returncode": 0 if result == "OK" else 1, "duration": 1.5}


@pytest.fixture(name="of_tests")
def _of_tests(tmp_path):
    def run(*rows):
        log = tmp_path / "testlog.json"
        log.write_text("".join(json.dumps(one) + "\n" for one in rows))
        return digest("meson", log)
    return run


NOTHING = "".join(f"a line of no use {n}\n" for n in range(500))
STACK = "".join(f"    #{n} 0x7f frame_{n} file.c:{n}\n" for n in range(60))
LEAK = f"==7==ERROR: LeakSanitizer: detected memory leaks\n\nDirect leak of 9 byte(s)\n{STACK}" \
       f"SUMMARY: AddressSanitizer: 9 byte(s) leaked in 1 allocation(s).\n"


def test_only_what_failed(of_tests):
    said = of_tests(row("good", NOTHING, result="OK"), row("bad", NOTHING),
                    row("slow", NOTHING, result="TIMEOUT"))
    assert [line for line in said.splitlines() if line.startswith("===")] == [
        "=== ferry:unit / bad: FAIL, exit status 1, 2 s",
        "=== ferry:unit / slow: TIMEOUT, exit status 1, 2 s"]
    assert said.count("a line of no use 499") == 2
    assert len(said.splitlines()) < 90


def test_a_report(of_tests):
    said = of_tests(row("leaks", NOTHING + LEAK + NOTHING))
    assert "ERROR: LeakSanitizer" in said and "Direct leak" in said and "frame_5" in said
    assert "SUMMARY: AddressSanitizer: 9 byte(s)" in said
    assert "frame_40" not in said
    assert len(said.splitlines()) <= 50


def test_an_input_is_whole(of_tests):
    data = "5a" * 4096
    crash = f"==9== ERROR: libFuzzer: deadly signal\n{STACK}SUMMARY: libFuzzer: deadly signal\n" \
            f"the input, crash-12, in hex: {data}\n"
    said = of_tests(row("fuzz_x", "#9 NEW cov: 1\n" * 500 + crash + NOTHING))
    assert data in said and "deadly signal" in said and "#9 NEW" not in said


def test_of_pytest(of_tests):
    log = "".join(f"E   log line {n}\n" for n in range(300))
    said = of_tests(row("some", f"{NOTHING}______ test_this ______\ntest_x.py:7: in test_this\n"
                        f"    assert a == b\nE   AssertionError: node 4 ended with 1:\n{log}"
                        "=== short test summary info ===\n"
                        "FAILED test_x.py::test_this - Assertion...\n1 failed in 2.00s\n"))
    for part in ("test_this ____", "AssertionError: node 4", "log line 299",
                 "FAILED test_x.py::test_this"):
        assert part in said
    assert "log line 150" not in said


def test_of_cmocka(of_tests):
    said = of_tests(row("unit", NOTHING + "[  FAILED  ] 1 test(s), listed below:\n", NOTHING +
                        "[  ERROR   ] --- 0x9 != 0x8\n[   LINE   ] --- a.c:7: error: Failure!\n"
                        + NOTHING))
    assert "0x9 != 0x8" in said and "a.c:7" in said


def test_no_log(tmp_path):
    assert "no test ran" in digest("meson", tmp_path / "testlog.json")


def test_of_a_check(tmp_path):
    output = tmp_path / "output"
    output.write_text(f"{NOTHING}FAILED: x.o\ngcc -c x.c\nx.c:3:7: error: expected ';'\n{NOTHING}")
    said = digest("check", "no warnings", output)
    assert said.startswith("=== no warnings\n")
    assert "FAILED: x.o" in said and "x.c:3:7: error" in said


def test_many_fit(tmp_path, of_tests):
    one = of_tests(row("leaks", NOTHING + LEAK + NOTHING))
    parts = tmp_path / "parts"
    parts.write_text(one * 2)
    assert digest("fit", parts) == one * 2
    for count in (10, 30):
        parts.write_text("".join(one.replace("leaks", f"leaks_{n}") for n in range(count)))
        said = digest("fit", parts)
        assert len(said.splitlines()) <= 300
        assert all(f"leaks_{n}:" in said for n in range(count))
        assert said.count("ERROR: LeakSanitizer") == count
    parts.write_text("")
    assert digest("fit", parts) == ""
