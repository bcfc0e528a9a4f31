#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Plants a bug: copies a source file without a piece of text that must be in it exactly once, or
without the first one behind another text that must.

Usage: plant.py SOURCE OUTPUT TEXT [BEHIND]
"""
import pathlib
import sys


def main(source, output, text, behind=None):
    code = pathlib.Path(source).read_text(encoding="utf-8")
    once = behind or text
    if code.count(once) != 1:
        sys.exit(f'{source} has "{once}" {code.count(once)} times, it must have it once')
    begin = code.index(once) if behind else 0
    if text not in code[begin:]:
        sys.exit(f'{source} has no "{text}" behind "{behind}"')
    pathlib.Path(output).write_text(code[:begin] + code[begin:].replace(text, "", 1),
                                    encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
