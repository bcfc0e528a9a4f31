#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A node's statistics: ferrytop reads them from shared memory, metrics are OpenMetrics, and all agree
with what ferryctl shows."""

import contextlib
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import time

import openmetrics
import pytest
from harness.deploy import Deployment
from harness.node import BUILD, FERRYCTL, PATIENCE, until
from harness.udp import Receiver, Sender
from terminal import Terminal

FERRYTOP = BUILD / "control" / "ferrytop"
METRICS_PORT = 9464
PACKETS = 300


def statistics_file(node):
    return node.socket_path.with_suffix(".stats")


@pytest.fixture
def nodes(stage):
    net = Deployment(stage)
    one, two = net.node(1), net.node(2)
    net.wire(one, two)
    left, right = net.client(one), net.client(two)
    net.session(3, source=1, destinations=[2], flows=["2"], ingress=left.ingress(5001),
                egress=[right.egress(2, 6000)])
    for place in (one, two):
        place.groups["statistics"] = {"interval": 100, "metrics": METRICS_PORT}
    nodes = net.start()
    receiver = Receiver(right, 6000)
    sender = Sender(left, left.node_address, 5001, count=PACKETS, pps=300)
    sender.finish()
    receiver.expect_all({0: sender.sizes})
    receiver.close()
    until(lambda: nodes[2].destination(1, 3)["packets"] == PACKETS, 5, "all are delivered")
    until(lambda: in_the_ring(nodes[1]) and in_the_ring(nodes[2]), 5,
          "all are in the ring")
    time.sleep(0.3)  # what was counted at the same time, an interval later
    return nodes


def in_the_ring(node):
    return re.search(rf"^ferry_session_packets_total{{.*}} {PACKETS}$", metrics_by_ctl(node),
                     re.MULTILINE)


def metrics_by_ctl(node):
    done = subprocess.run([FERRYCTL, "-s", node.socket_path, "metrics"], capture_output=True,
                          text=True, timeout=20 * PATIENCE, check=True)
    return done.stdout


def http(node, request):
    """The answer to a request, head and body, from inside the node's namespace."""
    with node.namespace.entered():
        connection = socket.create_connection(("127.0.0.1", METRICS_PORT), 5)
    answer = b""
    with connection:
        connection.sendall(request.encode())
        try:
            while data := connection.recv(65536):
                answer += data
        except ConnectionResetError:  # more was sent than it wanted to read
            pass
    head, _, body = answer.decode().partition("\r\n\r\n")
    if "Transfer-Encoding: chunked" not in head:
        return head, body
    text = ""
    while True:
        size, _, body = body.partition("\r\n")
        if int(size, 16) == 0:
            return head, text
        text += body[:int(size, 16)]
        body = body[int(size, 16) + 2:]


@contextlib.contextmanager
def node_sockets(node, count):
    with node.namespace.entered():
        sockets = [socket.create_connection(("127.0.0.1", METRICS_PORT), 5)
                   for _ in range(count)]
    yield sockets
    for connection in sockets:
        connection.close()


def allow_descriptors(pid, number):
    """Returns how many it might have before."""
    before, most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (number, most))
    return before


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def get(path="/metrics", method="GET"):
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def top(node, *words):
    done = subprocess.run([FERRYTOP, "-f", statistics_file(node), "--once", *words],
                          capture_output=True, text=True, timeout=20 * PATIENCE)
    assert done.stderr == "" and done.returncode == 0, done
    return done.stdout


def test_metrics(nodes):
    families = openmetrics.parse(metrics_by_ctl(nodes[2]))
    value = openmetrics.value
    assert value(families, "ferry_session_packets", "_total", session="3", role="destination") == PACKETS
    assert value(families, "ferry_link_rx_packets", "_total", id="1") == PACKETS
    assert value(families, "ferry_session_delays_seconds", "_bucket", le="+Inf") == PACKETS
    assert value(families, "ferry_link_state", ferry_link_state="up") == 1
    assert 0 <= value(families, "ferry_session_jitter_seconds") < 1
    assert 0 < value(families, "ferry_link_rtt_seconds") < 1
    drops = {dict(labels)["reason"]: n
             for (_, labels), n in families["ferry_drop_packets"].samples.items()}
    shown = {row["reason"]: row["packets"] for row in nodes[2].show("drops", "--all")}
    assert drops.keys() == shown.keys()
    source = openmetrics.parse(metrics_by_ctl(nodes[1]))
    assert value(source, "ferry_session_packets", "_total", session="3", role="source") == PACKETS
    assert not source["ferry_session_delays_seconds"].samples
    # Every type, and units that names end with, which the parser checked.
    assert {f.type for f in families.values()} == {"counter", "gauge", "histogram", "info",
                                                   "stateset"}
    assert families["ferry_link_rx_bytes"].unit == "bytes"


def test_the_parser_is_strict():
    good = "# TYPE a counter\na_total 1\n# EOF\n"
    assert openmetrics.parse(good)
    for bad in [good[:-1], good.replace("# EOF\n", ""), good.replace("a_total", "a"),
                good.replace(" 1", " -1"), good.replace(" 1", " 1.x"), good + "b 1\n",
                good.replace("a_total 1", "a_total 1\na_total 2"),
                good.replace("a_total 1", 'a_total{b="1",b="2"} 2'),
                good.replace("a_total 1", 'a_total{b="1} 2'),
                good.replace("a_total 1", "a_total{} 2"), good.replace("a_total 1", "\na_total 1"),
                good.replace("# EOF", "# UNIT b seconds\n# EOF"),
                "# TYPE b gauge\nb 1\n" + good.replace("# EOF", "# HELP b x\n# EOF"),
                "# TYPE a_seconds gauge\n# UNIT a_seconds bytes\n# EOF\n",
                '# TYPE h histogram\nh_bucket{le="1.0"} 2\nh_bucket{le="+Inf"} 1\n# EOF\n',
                '# TYPE h histogram\nh_bucket{le="1.0"} 2\n# EOF\n']:
        with pytest.raises(ValueError):
            openmetrics.parse(bad)


def test_listener(nodes):
    head, body = http(nodes[2], get())
    assert head.startswith("HTTP/1.1 200 ")
    assert "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8" in head
    families = openmetrics.parse(body)
    assert openmetrics.value(
        families, "ferry_session_packets", "_total", session="3", role="destination") == PACKETS
    assert families.keys() == openmetrics.parse(metrics_by_ctl(nodes[2])).keys()
    head, body = http(nodes[2], get(method="HEAD"))
    assert head.startswith("HTTP/1.1 200 ") and body == ""
    assert http(nodes[2], get("/other"))[0].startswith("HTTP/1.1 404 ")
    assert http(nodes[2], get(method="POST"))[0].startswith("HTTP/1.1 501 ")
    assert http(nodes[2], "GET /metrics HTTP/1.1\r\n" + "X: " + "y" * 20000 + "\r\n\r\n")[0] \
        .startswith("HTTP/1.1 4")
    # Some that connect and say no more stall nobody.
    with node_sockets(nodes[2], 30) as silent:
        for connection in silent:
            connection.sendall(b"GET /met")
        openmetrics.parse(http(nodes[2], get())[1])
        openmetrics.parse(metrics_by_ctl(nodes[2]))


def test_many_connections(nodes):
    """As many as come, they leave the node the descriptors that it needs itself."""
    node = nodes[2]
    pid = node.process.pid
    before = len(os.listdir(f"/proc/{pid}/fd"))
    allow_descriptors(pid, before + 50)
    said = len(node.log())
    with node_sockets(node, 100):
        until(lambda: len(os.listdir(f"/proc/{pid}/fd")) >= before + 30, 5, "connections are taken")
        time.sleep(0.5)
        assert len(os.listdir(f"/proc/{pid}/fd")) < before + 40
        assert node.show("node")["id"] == 2
        openmetrics.parse(metrics_by_ctl(node))
    # Their places are others' when they end.
    openmetrics.parse(http(node, get())[1])
    assert node.log()[said:] == ""


def test_no_descriptors(nodes):
    """It says so once, and rests a second each time; then it goes on."""
    node = nodes[2]
    pid = node.process.pid
    used = len(os.listdir(f"/proc/{pid}/fd"))
    before = allow_descriptors(pid, used + 5)
    said = len(node.log())
    with node_sockets(node, 20):
        node.wait_log("metrics: a connection cannot be taken: Too many open files", since=said)
        began = cpu_seconds(pid)
        time.sleep(1.5)
        assert cpu_seconds(pid) - began < 1
        assert node.log()[said:].count("\n") == 1, node.log()[said:]
        allow_descriptors(pid, before)
        openmetrics.parse(http(node, get())[1])
    assert node.show("node")["id"] == 2


def test_once(nodes):
    text = top(nodes[2])
    assert re.search(rf"^{nodes[2].name} \(2\) lives, up 0:00:\d\d, load ", text)
    link = next(line for line in text.splitlines() if re.match(r" +1 .* up ", line)).split()
    assert link[1] == "node-1"
    session = next(line for line in text.splitlines() if re.match(r" +1 +3 ", line)).split()
    assert "to" in session and "running" in session
    for view in ("ports", "links", "feeders", "sessions", "workers", "drops"):
        only = top(nodes[2], "--view", view)
        assert f"\n{view}\n" in only and only.count("\n\n") == 1
    assert "from" in top(nodes[1], "--view", "sessions")


def test_command_line(nodes, tmp_path):
    def run(*words):
        return subprocess.run([FERRYTOP, *words], capture_output=True, text=True,
                              timeout=20 * PATIENCE)

    assert run("--help").returncode == 0 and "--once" in run("--help").stdout
    assert run("--version").returncode == 0
    for view in ("ports", "links", "feeders", "sessions", "coding", "workers", "drops"):
        assert view in run("--help").stdout
        assert re.search(rf"^{view}$", top(nodes[1], "--view", view), re.M)
    done = run("-f", statistics_file(nodes[1]))
    assert done.returncode == 2 and "no terminal: --once" in done.stderr
    for words in (["--view", "else"], ["--delay", "0"], ["word"], ["--what"]):
        assert run(*words).returncode == 2
    done = run("--once", "-f", tmp_path / "none")
    assert done.returncode == 1 and "cannot be opened" in done.stderr
    (tmp_path / "text").write_text("no statistics\n" * 100)
    done = run("--once", "-f", tmp_path / "text")
    assert done.returncode == 1 and "no statistics file" in done.stderr
    assert os.stat(statistics_file(nodes[1])).st_mode & 0o7777 == 0o644


def test_file_emptied(nodes):
    """Neither the node nor who looks at it dies of it: the node makes another."""
    path = statistics_file(nodes[2])
    terminal = Terminal([FERRYTOP, "-f", path, "-d", "0.1"])
    terminal.wait("lives, up ")
    before = os.stat(path)
    os.truncate(path, 0)
    until(lambda: os.stat(path).st_ino != before.st_ino, 5, "another file")
    until(lambda: "lives" in top(nodes[2]), 5, "it has records")
    assert os.stat(path).st_size == before.st_size
    # The terminal goes on with it: the time goes on.
    shown = re.search(r"up 0:\d\d:\d\d", terminal.wait("lives, up "))[0]
    terminal.wait(rf"lives, (?!{shown})up ")
    terminal.type("q")
    assert terminal.end() == 0


def test_on_a_terminal(nodes):
    terminal = Terminal([FERRYTOP, "-f", statistics_file(nodes[2]), "-d", "0.2"])
    terminal.wait(rf"^{nodes[2].name} \(2\) lives, up ")
    terminal.wait(r"PEER NAME .* RTT .* PACING")
    terminal.wait(r"\n +1 node.* up ")
    for key, title in (("1", "PORT .* LINE LOST"), ("3", "DEPTH"), ("5", "REPAIR "),
                       ("6", "WORKER"), ("7", "REASON"), ("4", "JITTER")):
        terminal.type(key)
        terminal.wait(title)
    session = terminal.wait(r"\n +1 +3 .* to +running")
    assert len(session.splitlines()) <= 24
    terminal.type("h")
    text = terminal.wait("One-way delays of ")
    assert re.search(r"100u.*500u.*10m.*more", text)
    assert "█" in text
    terminal.type("?")
    terminal.wait("the other way round")
    terminal.type("?\t")
    terminal.wait("REPAIR ")
    terminal.type("\t")
    terminal.wait("WORKER")
    terminal.type("sr\x1b[B\x1b[A")
    terminal.wait("WORKER")
    # The node ends; a new one takes its place.
    nodes[2].stop()
    assert not statistics_file(nodes[2]).exists()
    terminal.wait("cannot be opened|ended")
    nodes[2].start()
    terminal.wait(rf"^{nodes[2].name} \(2\) lives")
    terminal.type("q")
    assert terminal.end() == 0
    assert not terminal.screen.beyond


def test_narrow_terminal(nodes):
    """What does not fit is left out: no line goes on in the next one."""
    terminal = Terminal([FERRYTOP, "-f", statistics_file(nodes[2]), "-d", "0.2"], columns=40)
    lines = terminal.wait(r"\n +PEER NAME .*\n +1 node").splitlines()
    assert re.match(r" +PEER NAME ", lines[4]) and re.match(r" +1 node", lines[5])
    assert len(lines[0]) == 40 and lines[0].endswith("~")  # more is not told there
    assert not any(lines[6:])
    terminal.type("4h")
    lines = terminal.wait(r"\n *CONF SESS .*\n +1 +3 (.*\n)+One-way").splitlines()
    assert not any(lines[6:15]) and lines[15].startswith("One-way")
    assert lines[4].endswith("~") and lines[5].endswith("~")
    terminal.type("q")
    assert terminal.end() == 0
    assert not terminal.screen.beyond


def test_kill(nodes):
    """kill -9 of a reader leaves the node well, that of the node its reader."""
    node = nodes[2]
    terminal = Terminal([FERRYTOP, "-f", statistics_file(node), "-d", "0.1"])
    terminal.wait("lives")
    for _ in range(10):
        reader = subprocess.Popen([FERRYTOP, "-f", statistics_file(node), "--once"],
                                  stdout=subprocess.DEVNULL)
        reader.send_signal(signal.SIGKILL)
        reader.wait()
    before = int(node.show("node")["packets"]["received"])
    assert "lives" in top(node)
    node.kill()
    assert statistics_file(node).exists()
    terminal.wait(r"\) silent, up ", 10)
    assert re.search(r"\) silent, up ", top(node, "--view", "sessions"))
    node.start()
    terminal.wait(r"\) lives, up 0:00:0", 10)
    assert before > 0 and "lives" in top(node)
    terminal.type("q")
    assert terminal.end() == 0


def test_metrics_port_taken(nodes):
    node = nodes[1]
    assert node.stop() == 0
    with node.namespace.entered():
        other = socket.create_server(("127.0.0.1", METRICS_PORT))
    with other:
        node.start(wait=False)
        assert node.wait() == 1
    assert re.search(r"\.cfg:\d+: statistics: metrics: cannot listen at 127\.0\.0\.1, TCP port "
                     f"{METRICS_PORT}: Address already in use$", node.log(), re.M)
    assert not statistics_file(node).exists()
    node.start()
