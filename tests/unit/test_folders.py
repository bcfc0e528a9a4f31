# SPDX-License-Identifier: BSD-3-Clause
"""What includes what: dataplane/ nothing of control/ or drivers/, drivers/ nothing of control/, and
within control/ and at the bottom of dataplane/ a folder only those before it in meson.build."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOPS = ["dataplane", "drivers", "control"]
# Of dataplane/ the others are one pipeline: they know each other.
BELOW_THE_PIPELINE = {"base": set(), "wire": {"base"}, "tfrc": {"base"}}


def sources(top):
    return [path for path in sorted((ROOT / top).rglob("*.[ch]"))]


HEADERS = {path.name: path.relative_to(ROOT).parts for top in TOPS for path in sources(top)
           if path.suffix == ".h"}


def includes(top):
    """Each file of ours that a file of top includes: (the file, where it lies, where that lies)."""
    found = []
    for path in sources(top):
        for name in re.findall(r'^#include "([^"]+)"$', path.read_text(), re.M):
            if name in HEADERS:
                found.append((f"{path.relative_to(ROOT)}: {name}", path.relative_to(ROOT).parts, HEADERS[name]))
    assert len(found) > 30
    return found


def order(top):
    (folders,) = re.findall(r"^folders = \[([^]]*)\]", (ROOT / top / "meson.build").read_text(), re.M)
    return re.findall(r"'(\w+)'", folders)


def test_no_name_twice():
    names = [path.name for top in TOPS for path in sources(top) if path.suffix == ".h"]
    assert len(names) == len(set(names))


def test_top_folders():
    wrong = [what for top in TOPS for what, _, that in includes(top) if TOPS.index(that[0]) > TOPS.index(top)]
    assert wrong == []


def test_control():
    folders = order("control")
    wrong = [what for what, this, that in includes("control")
             if that[0] == "control" and folders.index(that[1]) > folders.index(this[1])]
    assert wrong == []


def test_below_the_pipeline():
    assert BELOW_THE_PIPELINE.keys() < set(order("dataplane"))
    wrong = [what for what, this, that in includes("dataplane")
             if this[1] in BELOW_THE_PIPELINE and that[1] not in BELOW_THE_PIPELINE[this[1]] | {this[1]}]
    assert wrong == []
