# SPDX-License-Identifier: BSD-3-Clause
"""A strict parser of OpenMetrics text, version 1.0, written from the specification: whatever is not
as that says is a ValueError. Exemplars and timestamps, which Ferry never writes, are refused."""
import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)\Z")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z|[+-]?Inf\Z|NaN\Z")
SUFFIXES = {"counter": {"_total", "_created"}, "gauge": {""}, "stateset": {""}, "info": {"_info"},
            "histogram": {"_bucket", "_count", "_sum", "_created"}, "unknown": {""}}


class Family:
    def __init__(self, name):
        self.name, self.type, self.unit, self.help = name, None, None, None
        self.samples = {}  # (suffix, labels) -> value, in order


def need(condition, line, why):
    if not condition:
        raise ValueError(f"{why}: {line!r}")


def unescape(text, line):
    out, at = [], 0
    while at < len(text):
        if text[at] == "\\":
            need(at + 1 < len(text) and text[at + 1] in '\\"n', line, "an escape")
            out.append({"n": "\n"}.get(text[at + 1], text[at + 1]))
            at += 2
        else:
            need(text[at] not in '"\n', line, "a quote that is not escaped")
            out.append(text[at])
            at += 1
    return "".join(out)


def parse_labels(text, line):
    labels, rest = {}, text
    while True:
        found = re.match(rf'({LABEL})="((?:[^"\\]|\\.)*)"', rest)
        need(found, line, "labels")
        need(found[1] not in labels, line, "a label twice")
        labels[found[1]] = unescape(found[2], line)
        rest = rest[found.end():]
        if not rest:
            return labels
        need(rest[0] == "," and len(rest) > 1, line, "what follows a label")
        rest = rest[1:]


def number(text, line):
    need(NUMBER.match(text), line, "a number")
    return float(text.replace("Inf", "inf"))


def metadata(families, current, line):
    word, _, rest = line[2:].partition(" ")
    name, _, value = rest.partition(" ")
    need(word in ("TYPE", "UNIT", "HELP"), line, "a comment that is none of the three")
    need(re.fullmatch(NAME, name), line, "a name")
    if current is None or current.name != name:
        need(name not in families, line, "a family that comes in two pieces")
        current = families[name] = Family(name)
    need(not current.samples, line, "metadata after samples")
    attribute = word.lower()
    need(getattr(current, attribute) is None, line, "said twice")
    if word == "TYPE":
        need(value in SUFFIXES, line, "a type")
    if word == "UNIT":
        need(name.endswith("_" + value), line, "the name does not end with its unit")
    if word == "HELP":
        value = unescape(value, line)
    setattr(current, attribute, value)
    return current


def sample(current, line):
    found = SAMPLE.match(line)
    need(found, line, "a sample")
    need(current is not None and found[1].startswith(current.name), line,
         "a sample outside of its family")
    suffix = found[1][len(current.name):]
    need(suffix in SUFFIXES[current.type or "unknown"], line, "a suffix that the type has not")
    need(found[2] != "", line, "empty braces")
    labels = parse_labels(found[2], line) if found[2] is not None else {}
    value = number(found[3], line)
    key = (suffix, tuple(sorted(labels.items())))
    need(key not in current.samples, line, "a sample twice")
    if suffix in ("_total", "_bucket", "_count"):
        need(value >= 0 and not math.isnan(value), line, "a counter below 0")
    if current.type == "info":
        need(value == 1, line, "an info that is not 1")
    if current.type == "stateset":
        need(value in (0, 1) and current.name in labels, line, "a state")
    current.samples[key] = value


def check_histogram(family):
    groups = {}
    for (suffix, labels), value in family.samples.items():
        need(suffix == "_bucket", family.name, "a histogram without its sum has buckets only")
        others = tuple(pair for pair in labels if pair[0] != "le")
        bound = dict(labels)["le"]
        need(bound == "+Inf" or "." in bound or "e" in bound, bound, "a bound as 1.0, not 1")
        groups.setdefault(others, []).append((number(bound, bound), value))
    for buckets in groups.values():
        need(buckets == sorted(buckets), family.name, "bounds and counts that do not grow")
        need(len({b for b, _ in buckets}) == len(buckets), family.name, "a bound twice")
        need(buckets[-1][0] == math.inf, family.name, "no bucket +Inf")
        counts = [count for _, count in buckets]
        need(counts == sorted(counts), family.name, "counts that fall")


def parse(text):
    """Families by name."""
    need(text.endswith("# EOF\n"), text[-80:], "the end")
    families, current = {}, None
    for line in text[:-len("# EOF\n")].split("\n")[:-1]:
        need(line and "\r" not in line, line, "an empty line")
        if line.startswith("#"):
            current = metadata(families, current, line)
        else:
            sample(current, line)
    for family in families.values():
        need(family.type, family.name, "no type")
        if family.type == "histogram":
            check_histogram(family)
        if family.type in ("info", "stateset"):
            need(family.unit is None, family.name, "a unit")
    return families


def value(families, family, suffix="", **labels):
    """The one sample that has these labels among its own."""
    found = [v for (s, own), v in families[family].samples.items()
             if s == suffix and labels.items() <= dict(own).items()]
    assert len(found) == 1, f"{family}{suffix} {labels}: {found}"
    return found[0]
