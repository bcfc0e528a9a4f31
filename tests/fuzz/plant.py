#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Plants a bug: copies a source file without a piece of text that must be in it exactly once.

Usage: plant.py SOURCE OUTPUT TEXT
"""
import pathlib
import sys


def main(source, output, text):
    code = pathlib.Path(source).read_text(encoding="utf-8")
    if code.count(text) != 1:
        sys.exit(f'{source} has "{text}" {code.count(text)} times, it must have it once')
    pathlib.Path(output).write_text(code.replace(text, ""), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
