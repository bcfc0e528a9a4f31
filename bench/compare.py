# SPDX-License-Identifier: BSD-3-Clause
"""Ratios of two commits' figures: compare.py BASE_LABEL HERE_LABEL BASE.json HERE.json ...

The files come in pairs, one pair a round, as they were measured in turn.
"""
import json
import statistics
import sys


def figures(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)["figures"]


def print_missing(rounds, keys, labels):
    """Figures of one side, or not of all rounds."""
    for side, label in enumerate(labels):
        other = {key for pair in rounds for key in pair[1 - side]}
        alone = dict.fromkeys(key for pair in rounds for key in pair[side] if key not in other)
        if alone:
            print(f"\nonly {label} has: {', '.join(alone)}")
    some = [key for key in dict.fromkeys(key for pair in rounds for key in (*pair[0], *pair[1]))
            if key not in keys and all(any(key in pair[side] for pair in rounds) for side in (0, 1))]
    if some:
        print(f"\nnot in all rounds: {', '.join(some)}")


def main():
    base_label, here_label = sys.argv[1:3]
    files = sys.argv[3:]
    if not files or len(files) % 2:
        sys.exit("compare: files come in pairs")
    rounds = [(figures(base), figures(here)) for base, here in zip(files[::2], files[1::2])]
    # A figure that one of the two does not have cannot be compared.
    keys = [key for key in rounds[0][1] if all(key in f for pair in rounds for f in pair)]
    if not keys:
        sys.exit("compare: the two commits have no figure in common")
    print(f"\n{len(rounds)} rounds in turn; ratio: {here_label} to {base_label}, median "
          "(least..most)\n")
    print(f"{'figure':44} {base_label[:12]:>12} {here_label[:12]:>12}  ratio")
    for key in keys:
        base = statistics.median(pair[0][key] for pair in rounds)
        here = statistics.median(pair[1][key] for pair in rounds)
        ratios = [pair[1][key] / pair[0][key] for pair in rounds if pair[0][key] != 0]
        text = "-"
        if ratios:
            text = (f"{statistics.median(ratios):.3f} "
                    f"({min(ratios):.3f}..{max(ratios):.3f})")
        print(f"{key:44} {base:12.4g} {here:12.4g}  {text}")
    print_missing(rounds, keys, (base_label, here_label))


if __name__ == "__main__":
    main()
