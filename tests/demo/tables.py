# SPDX-License-Identifier: BSD-3-Clause
"""The demo's tables: the live one, and those at the end."""
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sessions import VIDEO


def number(value):
    return "-" if value is None else f"{value:,}"


def rate(value):
    return "-" if value is None else f"{value / 1e6:.2f}"


def milliseconds(value):
    return "-" if value is None else f"{value / 1000:.2f}"


def share(part, whole):
    return "-" if part is None or not whole else f"{100 * part / whole:.2f} %"


def missing(lost):
    """While all goes on: lost, or on its way. Nodes are asked one after the other: what came since
    the source was asked is no gain."""
    return None if lost is None else max(0, lost)


def _table(title, *columns, **options):
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD,
                  pad_edge=False, **options)
    for column in columns:
        table.add_column(column, justify="left" if column in ("session", "from", "to", "file",
                                                             "site", "picture") else "right")
    return table


def live(snapshot, frames, seconds, total, taken_down):
    # It is drawn anew each second, so it must fit: 80 columns.
    table = _table(f"{min(seconds, total):.0f} of {total} s; delay in ms; missing: on its way, or lost",
                   "session", "from", "to", "Mbit/s", "arrived", "missing", "twice", "p50", "p99",
                   "frames", padding=0)
    for end in snapshot.ends:
        delay = end.delay or {}
        not_come = Text(number(missing(end.lost)))
        # More than is on its way: some 40 packets, with the delays of the links.
        if end.lost is not None and end.lost > 100:
            not_come.stylize("bold red")
        table.add_row(end.session.name, end.session.source.title, end.node.title, rate(end.rate),
                      number(end.delivered), not_come, number(end.duplicates),
                      milliseconds(delay.get("p50")), milliseconds(delay.get("p99")),
                      number(frames[end.node]) if end.session is VIDEO else "")
    if taken_down:
        table.caption = f"{taken_down.title} is down"
        table.caption_style = "bold red"
    return table


def plain(snapshot, frames, seconds):
    """The same in one line, where there is no terminal to draw on."""
    parts = [f"{end.session.name}>{end.node.title} {rate(end.rate)} Mbit/s, {number(missing(end.lost))} missing"
             for end in snapshot.ends]
    counts = ", ".join(f"{site.title} {count}" for site, count in frames.items())
    return f"{seconds:3.0f} s: {'; '.join(parts)} (on their way, or lost); frames: {counts}"


def sessions(snapshot):
    table = _table("Sessions (packets; delay in ms from source to destination)", "session", "from",
                   "to", "sent", "delivered", "lost", "loss", "duplicates", "reordered",
                   "p50", "p99", "p99.9", "max")
    for end in snapshot.ends:
        delay = end.delay or {}
        table.add_row(end.session.name, end.session.source.title, end.node.title, number(end.sent),
                      number(end.delivered), number(end.lost), share(end.lost, end.sent),
                      number(end.duplicates), number(end.reordered),
                      *(milliseconds(delay.get(key)) for key in ("p50", "p99", "p999", "max")))
    return table


def show(console, table):
    """As wide as it is: a line that a terminal wraps is better than a number cut off."""
    Console(file=console.file, width=max(console.width, 140)).print(table)


def frames(comparisons, pictures):
    table = _table("Frames of the video (compared by hash with those sent)", "site", "sent",
                   "received", "missing", "damaged", "picture")
    for site, result in comparisons.items():
        table.add_row(site.title, number(result.sent), number(result.received),
                      number(result.missing), number(result.foreign),
                      str(pictures[site] or "none"))
    return table


def split(received, weights):
    table = _table("Split over two paths (as the destination received)", "flow", "path", "weight",
                   "packets", "share")
    total = sum(received.values())
    for flow, (path, weight) in enumerate(weights):
        count = received.get(flow, 0)
        table.add_row(str(flow), path, str(weight), number(count), share(count, total))
    return table


def files(results):
    table = _table("File (SHA-256)", "site", "bytes", "file")
    for title, size, digest in results:
        table.add_row(title, number(size), digest or "none")
    return table
