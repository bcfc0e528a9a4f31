# SPDX-License-Identifier: BSD-3-Clause
"""Meson's options by which one build differs from another: same_options.py BUILD OTHER

One a line, as `meson configure OTHER` takes them. What only one of the two knows is left out, and so is
what changes nothing in the programs.
"""
import json
import subprocess
import sys

SECTIONS = ("core", "base", "compiler", "user")
IDLE = ("backend", "layout", "warning_level", "werror", "wrap_mode", "b_colorout")
# The first sets the other two.
TYPE = ("buildtype", "debug", "optimization")


def options(build):
    done = subprocess.run(["meson", "introspect", "--buildoptions", build], stdout=subprocess.PIPE,
                          text=True, check=True)
    return {option["name"]: option["value"] for option in json.loads(done.stdout)
            if option["section"] in SECTIONS and option["name"] not in IDLE}


def text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def different(build, other):
    """(name, value) of build's options that other has too, with another value."""
    names = [name for name in build if name in other and build[name] != other[name]]
    if any(name in TYPE for name in names):
        names = [*TYPE, *(name for name in names if name not in TYPE)]
    return [(name, build[name]) for name in names]


def main():
    for name, value in different(options(sys.argv[1]), options(sys.argv[2])):
        print(f"-D{name}={text(value)}")


if __name__ == "__main__":
    main()
