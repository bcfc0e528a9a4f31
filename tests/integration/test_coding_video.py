#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The demo's video over a wire that loses 5 %: whole with coding, visibly broken without.

Both go at once. A picture of each is saved in the build directory, under demo/.
"""

import os
import pathlib
import sys
import time
import types

from harness.deploy import Deployment
from harness.node import until

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "demo"))
import media
from sessions import VIDEO_PORT

SECONDS = 6
PICTURES = pathlib.Path(os.environ.get("FERRY_BUILD", ROOT / "build")) / "demo"
CODING = {"k": 16, "repair": "50%", "close": "100ms", "deadline": "500ms"}


def test_video_over_lossy_wires(stage, tmp_path):
    net = Deployment(stage)
    one, two = (net.node(number, clock_synchronized=True) for number in (1, 2))
    net.wire(one, two, impair={"delay": "20ms", "loss": "5%", "frames": 2000, "seed": 5})
    for place in (one, two):
        place.peers[0]["pacing"] = "none"
    receivers, senders = {}, {}
    video = tmp_path / "video.ts"
    media.make(video, SECONDS)
    for number, name in enumerate(("coded", "plain"), 1):
        left, right = net.client(one), net.client(two)
        coding = {"coding": CODING} if name == "coded" else {}
        net.session(number, source=1, destinations=[2], flows=["2"],
                    ingress=left.ingress(VIDEO_PORT), reorder={"packets": 512, "ms": 600},
                    egress=[right.egress(2, VIDEO_PORT)], **coding)
        (tmp_path / name).mkdir()
        senders[name] = left
        receivers[name] = (right, types.SimpleNamespace(name=name, client_address=right.address))
    nodes = net.start()
    processes = {name: media.Receiver(client.namespace.name, site, tmp_path)
                 for name, (client, site) in receivers.items()}
    until(lambda: all(process.listening() for process in processes.values()), 10, "ffmpeg listens")
    running = []
    for name, client in senders.items():
        (tmp_path / f"from-{name}").mkdir()
        running.append(media.Sender(client.namespace.name, video, client.node_address,
                                    tmp_path / f"from-{name}"))
    until(lambda: not any(sender.running() for sender in running), SECONDS + 20, "all was sent")
    time.sleep(1.5)  # what is on its way arrives, and what was lost is given up
    for process in processes.values():
        process.finish()

    sent = media.frame_hashes(video)
    PICTURES.mkdir(parents=True, exist_ok=True)
    results = {}
    for name, process in processes.items():
        received = media.frame_hashes(process.video)
        results[name] = media.compare(sent, received)
        # The first frame that is not as it was sent, or the same of the one that is whole.
        wrong = next((i for i, frame in enumerate(received) if frame not in sent), SECONDS * 12)
        assert media.save_picture(process.video, wrong, PICTURES / f"loss5-{name}.png")
    shown = {s["session"]: s["destination"] for s in nodes[2].show("sessions")}
    assert results["coded"].missing == 0 and results["coded"].foreign == 0
    assert shown[1]["lost"] == 0
    encoder = nodes[1].source(1, 1)["coding"]
    assert encoder["repairs"] >= nodes[1].source(1, 1)["packets"] // 2 - 1
    assert encoder["generations"] > 10 and nodes[1].source(1, 2)["coding"] is None
    assert results["plain"].missing > SECONDS * media.RATE / 4
    assert shown[2]["lost"] > 10
