# SPDX-License-Identifier: BSD-3-Clause
"""Links under TFRC in virtual time: fairness among themselves, the equation, steps of the line's rate.

Runs tfrc_sim of the build for each scene, as many at once as there are CPUs, prints a table, and
writes plots (SVG, by gnuplot) and figures. Virtual time: the machine's load changes nothing.
"""
import concurrent.futures
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys

from here import BUILD, ROOT

FAIR = {"rate": 16e6, "rtt": 50, "jitter": 0.05, "seconds": 100, "measured": 60}
FAIR_LINKS = (2, 4, 8, 16, 32)
# The line grows with the links, so that nothing but their number differs. A link then has some 70
# loss events in the 60 s, so that chance makes less than half of what an index of 0.98 allows.
FAIR_SHARE = 1e6
SCENES = {
    # Slow start, and the smoothness of what follows.
    "slow start": {"rate": 10e6, "rtt": 50, "seconds": 30, "measured": 20, "record": 100},
    # The line's rate halves, and doubles.
    "rate halves": {"rate": 10e6, "rtt": 50, "seconds": 60, "measured": 20, "step": 30,
                    "factor": 0.5, "record": 200},
    "rate doubles": {"rate": 5e6, "rtt": 50, "seconds": 60, "measured": 20, "step": 30,
                     "factor": 2, "record": 200},
    # Two scenes of the first TFRC simulations in ns-2: a second flow after 16 s; a long queue.
    "1.5 Mbit/s, a second after 16 s": {"links": 2, "rate": 1.5e6, "rtt": 40, "gap": 16000,
                                        "seconds": 60, "measured": 30, "record": 200},
    "2 Mbit/s, 300 ms, long queue": {"rate": 2e6, "rtt": 300, "queue": 300000, "seconds": 120,
                                     "measured": 60, "record": 500},
    "ECN marks": {"links": 4, "rate": 10e6, "rtt": 50, "queue": 250000, "mark": 31250,
                  "jitter": 0.05, "seconds": 90, "measured": 60},
}
SCENES |= {f"round-trip time {rtt} ms": {"rate": 5e6, "rtt": rtt, "seconds": 120, "measured": 60}
           for rtt in (1, 10, 100, 300, 600)}
# What comes long after the first loss interval, which is as long as the equation wants it.
SCENES |= {"round-trip time 600 ms, 600 s": {"rate": 5e6, "rtt": 600, "seconds": 600, "measured": 60,
                                             "record": 2000}}
# The mean rate over 300 s against the equation.
SCENES |= {f"equation, loss {loss:g}": {"rate": 100e6, "rtt": 50, "loss": loss, "seconds": 320,
                                        "measured": 300} for loss in (0.003, 0.01, 0.03, 0.1)}
SHORT = ["slow start", "rate halves", "1.5 Mbit/s, a second after 16 s"]


def command(scene):
    return [str(BUILD / "tests/sim/tfrc_sim")] + [f"{key}={value:g}" if key != "rate" else
                                                  f"rate={value:.0f}"
                                                  for key, value in scene.items()]


def run(scene):
    result = subprocess.run(command(scene), capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command(scene))}: {result.stderr.strip()}")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return lines[:-1], lines[-1]


def run_all(scenes):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(scenes, pool.map(run, scenes.values())))


def scenes_of(options):
    if options.quick:
        return {name: SCENES[name] for name in SHORT}
    scenes = dict(SCENES)
    for links in FAIR_LINKS:
        for seed in range(1, options.seeds + 1):
            fair = {**FAIR, "links": links, "seed": seed}
            scenes[f"{links} links, seed {seed}"] = fair
            scenes[f"{links} links, line grows, seed {seed}"] = {**fair, "rate": links * FAIR_SHARE}
    return scenes


def variation(series):
    """Coefficient of variation of a link's rate over the intervals of the last half."""
    rates = [row["rate"][0] for row in series[len(series) // 2:]]
    mean = statistics.fmean(rates)
    return statistics.pstdev(rates) / mean if mean > 0 else math.nan


def print_table(results, scenes):
    print(f"{'scene':34} {'Mbit/s':>7} {'of line':>7} {'p':>8} {'RTT ms':>7} {'of equation':>13} "
          f"{'Jain':>6} {'CoV':>6}")
    for name, (series, whole) in results.items():
        scene = scenes[name]
        line = scene["rate"] * (scene.get("factor", 1))
        rate = sum(whole["rate"])
        ratios = [r for r in whole["of_equation"] if r > 0]
        of = f"{min(ratios):.2f} to {max(ratios):.2f}" if ratios else "no loss"
        print(f"{name:34} {rate / 1e6:7.2f} {rate * 1.042 / line:7.2f} "
              f"{statistics.fmean(whole['p']):8.5f} {statistics.fmean(whole['rtt']) * 1e3:7.1f} "
              f"{of:>13} {whole['jain']:6.4f} {variation(series):6.3f}")


def figures(results):
    values = {}
    for key, which in (("jain", ""), ("jain_share", " line grows,")):
        for links in FAIR_LINKS:
            fair = [whole["jain"] for name, (_, whole) in results.items()
                    if name.startswith(f"{links} links,{which} seed")]
            if fair:
                values[f"{key}_{links}"] = min(fair)
                values[f"{key}_{links}_median"] = statistics.median(fair)
    ratios = [abs(ratio - 1) for name, (_, whole) in results.items()
              if name.startswith("equation") for ratio in whole["of_equation"]]
    if ratios:
        values["rate_to_equation_error_max"] = max(ratios)
    return {key: round(value, 5) for key, value in values.items()}


def equation_error():
    """The integer equation against double precision, over a grid (as tests/tfrc does)."""
    sys.path.insert(0, str(ROOT / "tests/tfrc"))
    import model  # noqa: E402: beside the test that it belongs to

    grid = [10 ** (-8 + i / 100) for i in range(801)]
    cases = [(s, r, min(2 ** 32 - 1, max(1, round(p * 2 ** 32)))) for p in grid
             for s in (40, 576, 1460, 9000) for r in (100_000, 10 ** 7, 10 ** 8, 6 * 10 ** 8)]
    text = "".join(f"rate {s << 16} {r} {p}\n" for s, r, p in cases)
    answers = subprocess.run([str(BUILD / "tests/tfrc/tfrc_trace")], input=text, text=True,
                             capture_output=True, check=True).stdout.split()
    return max(abs(int(answer) / 65536 / model.throughput(s, r / model.NS, p / 2 ** 32) - 1)
               for (s, r, p), answer in zip(cases, answers, strict=True))


def plot(directory, name, series, scene):
    """Each link's rate over time; the line's rate is drawn too."""
    stem = "".join(c if c.isalnum() else "-" for c in name)
    links = len(series[0]["rate"])
    data = directory / f"{stem}.dat"
    data.write_text("".join(f"{row['to']} " + " ".join(f"{rate / 1e6:.5f}" for rate in row["rate"])
                            + "\n" for row in series), encoding="ascii")
    step, factor = scene.get("step", math.inf), scene.get("factor", 1)
    line = scene["rate"] / 1.042 / 1e6
    curves = [f'"{data}" using 1:{i + 2} with lines title "{f"link {i + 1}" if links < 9 else ""}"'
              for i in range(links)]
    if scene["rate"] < 50e6:
        curves.append(f"x < {step} ? {line} : {line * factor} with lines dt 2 lc 'black' "
                      "title 'the line'" if step < math.inf else
                      f"{line} with lines dt 2 lc 'black' title 'the line'")
    script = (f'set terminal svg size 900,420 background "white"\nset output "{directory / stem}.svg"\n'
              f'set title "{name}"\nset xlabel "s"\nset ylabel "Mbit/s of UDP payload"\n'
              f"set yrange [0:*]\nset key outside\nplot {', '.join(curves)}\n")
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
    data.unlink()


def measure(options):
    """Runs, prints, plots; returns figures."""
    scenes = scenes_of(options)
    results = run_all(scenes)
    print_table(results, scenes)
    values = {"equation_error_max": round(equation_error(), 6), **figures(results)}
    print(", ".join(f"{key} {value:g}" for key, value in values.items()))
    if options.plots:
        directory = pathlib.Path(options.plots)
        directory.mkdir(parents=True, exist_ok=True)
        for name, (series, _) in results.items():
            plot(directory, name, series, scenes[name])
        print(f"plots: {directory}")
    return values
