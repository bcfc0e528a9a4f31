#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What --print prints reads as the same configuration, and the man page has every key of it."""
import os
import pathlib
import re
import subprocess

from harness.program import PATIENCE

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FERRY_BUILD", ROOT / "build"))
FERRYD = BUILD / "control" / "ferryd"
PAGE = (ROOT / "control" / "man" / "ferry.cfg.5.scd").read_text()

# Every key of the file is in one of these, so that each is printed.
EXTRA = """
	, {
	id = 2; source = 1; destinations = [ 2 ]; rate = "1.5M"; payload = 1200;
	reorder = { packets = 64; ms = 20; };
	coding = { repair = "25%"; k = 16; relays = ( { node = 5; recode = "lossy"; } ); };
	flows = ( { path = "5 > 2"; }, { path = "5* > 2"; weight = 0; } );
	ingress = { generator = { kind = "onoff"; }; };
} , {
	id = 3; source = 5; destinations = [ 1 ]; flows = ( { path = "1"; } );
	coding = { code = "window"; repair = "adaptive"; window = 30; };
	ingress = { generator = { kind = "trace"; trace = "t"; }; };
} , {
	id = 4; source = 5; destinations = [ 1 ]; flows = ( { path = "1"; } ); rate = 5000000000;
	ingress = { file = "f"; };
} ); } );
statistics = { metrics = 9464; };
management = { root = "10.9.0.1:13780"; address = "[fd00::1]:13780"; certificate = "a.pem"; key = "a.key";
	authority = "ca.pem"; capacity = "2.5G"; };
"""


def example():
    """The example of the man page, as it stands there."""
    return re.search(r"# EXAMPLE\n\n```\n(.*?)```", PAGE, re.S).group(1)


def print_config(path):
    done = subprocess.run([FERRYD, "--print", "-c", path], capture_output=True, text=True,
                          timeout=20 * PATIENCE)
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


def whole(tmp_path):
    text = example()
    end = "} ); } );\n"
    assert text.endswith(end)
    text = text[:-len(end)] + "}" + EXTRA.replace('path = "5* > 2"', 'path = "5 > 2*"')
    text = text.replace('name = "toronto";', 'name = "toronto"; workers = 2; cpus = [ 0, 1 ];')
    text = text.replace('gateways = [ "10.0.1.254" ];', 'gateways = [ "10.0.1.254" ]; impair = {'
                        ' rate = "2.5M"; delay = "150us"; burst = "0.25%"; reorder = "1%";'
                        ' duplicate = "0.0001%"; mark = 5000; jitter = "1.5ms"; };')
    (tmp_path / "node.cfg").write_text(text)
    return print_config(tmp_path / "node.cfg")


def test_example_of_the_man_page(tmp_path):
    (tmp_path / "node.cfg").write_text(example())
    assert 'path = "5 > (2, 6 > (3, 4))";' in print_config(tmp_path / "node.cfg")


def test_printed_again_is_the_same(tmp_path):
    first = whole(tmp_path)
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "printed.cfg").write_text(first)
    assert print_config(tmp_path / "again" / "printed.cfg") == first


def test_files_are_relative_to_the_configuration(tmp_path):
    assert f'file = "{tmp_path}/f";' in whole(tmp_path)


def test_man_page_has_every_key(tmp_path):
    keys = set(re.findall(r"^\s*(?:# )?(\w+)(?: =| not set)", whole(tmp_path), re.M))
    assert len(keys) > 50
    documented = set(re.findall(r"\*(\w+)\*", PAGE))
    assert keys - documented == set()
