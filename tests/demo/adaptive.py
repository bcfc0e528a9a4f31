#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Encodes a live picture at the rate that a Ferry session may send at, as its node tells it.

    conferences = ( { ...; sessions = ( { ...; ingress = { udp = "10.0.1.1:5004"; };
        rate_to = "10.0.1.9:7000"; } ); } );

    adaptive.py --listen 10.0.1.9:7000 --to 10.0.1.1:5004 [--input camera.mkv]

One ffmpeg captures (or reads --input at its own speed; default: a test picture) and gives raw
frames; another encodes them to H.264 in MPEG-TS over UDP. When the node tells less than is being
sent, a new encoder takes over at once, with a key frame; when it tells more for a while, too. Time
stamps go on, so that a player sees one stream. Each change is told on stdout as a line of JSON.
"""

import argparse
import json
import re
import select
import socket
import subprocess
import sys
import time

MUXED = 0.82     # of the rate that may be sent: the rest is MPEG-TS, and what an encoder overshoots
DOWN, UP = 0.97, 1.15
UP_AFTER = 3.0   # seconds for which there must be more
PACKET = 1316    # seven packets of MPEG-TS


def endpoint(text):
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f'"{text}" must be an address and a port, as 10.0.1.9:7000')
    return host.strip("[]"), int(port)


def size(text):
    if not re.fullmatch(r"[1-9]\d{0,4}x[1-9]\d{0,4}", text):
        raise argparse.ArgumentTypeError(f'"{text}" must be width and height, as 640x360')
    return text


def positive(text):
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f'"{text}" must be an integer of at least 1')
    return int(text)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--listen", type=endpoint, required=True, metavar="ADDRESS:PORT",
                        help="the session's rate_to")
    parser.add_argument("--to", type=endpoint, required=True, metavar="ADDRESS:PORT",
                        help="the session's ingress")
    parser.add_argument("--input", help="what ffmpeg can read; default: a test picture")
    parser.add_argument("--size", type=size, default="640x360", help="default 640x360")
    parser.add_argument("--fps", type=positive, default=25, help="frames a second, default 25")
    parser.add_argument("--min", type=positive, default=100_000,
                        help="bit/s of video, default 100000")
    parser.add_argument("--max", type=positive, default=4_000_000, help="default 4000000")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="default: no end")
    args = parser.parse_args()
    if args.min > args.max:
        parser.error(f"--min is {args.min}, it must be at most --max, {args.max}")
    return args


def destination(args):
    host, port = args.to
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def capture(args):
    source = (["-re", "-i", args.input] if args.input else
              ["-re", "-f", "lavfi", "-i", f"testsrc2=size={args.size}:rate={args.fps}"])
    return subprocess.Popen(
        ["ffmpeg", "-nostdin", "-loglevel", "error", *source, "-an", "-s", args.size,
         "-r", str(args.fps), "-pix_fmt", "yuv420p", "-f", "rawvideo", "pipe:1"],
        stdout=subprocess.PIPE)


def encoder(args, rate, frames):
    """From frame number `frames` on, at so many bit/s of video."""
    return subprocess.Popen(
        ["ffmpeg", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", args.size,
         "-r", str(args.fps), "-i", "pipe:0", "-c:v", "libx264", "-preset", "ultrafast",
         "-tune", "zerolatency", "-b:v", str(rate), "-maxrate", str(rate),
         "-bufsize", str(rate // 4), "-g", str(2 * args.fps), "-bf", "0",
         "-x264-params", "repeat-headers=1", "-output_ts_offset", str(frames / args.fps),
         "-muxdelay", "0", "-f", "mpegts", f"udp://{destination(args)}?pkt_size={PACKET}"],
        stdin=subprocess.PIPE)


class Allowed:
    """The video rate that the last report allows."""

    def __init__(self, args):
        family = socket.AF_INET6 if ":" in args.listen[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self.socket.bind(args.listen)
        except OSError as error:
            sys.exit(f"adaptive.py: cannot listen at {args.listen[0]}:{args.listen[1]}: {error.strerror}")
        self.args = args
        self.number = -1
        self.rate = None  # no report yet

    def update(self, seconds=0.0):
        while select.select([self.socket], [], [], seconds)[0]:
            seconds = 0.0
            report = json.loads(self.socket.recv(2048))
            if report["number"] < self.number and report["number"] > 10:
                continue  # an old one, that came late; a small number is a node that started anew
            self.number = report["number"]
            told = report["rate_bps"]
            most = self.args.max if told is None else int(told * MUXED)
            self.rate = max(self.args.min, min(self.args.max, most))


class Choice:
    """When to change: down at once, up after some patience."""

    def __init__(self):
        self.more_since = None

    def change(self, current, allowed, now):
        if allowed < current * DOWN:
            self.more_since = None
            return True
        if allowed <= current * UP:
            self.more_since = None
            return False
        self.more_since = self.more_since or now
        return now - self.more_since >= UP_AFTER


def run(args):
    width, height = map(int, args.size.split("x"))
    frame_bytes = width * height * 3 // 2
    allowed, choice, frames = Allowed(args), Choice(), 0
    allowed.update(2.0)
    rate = allowed.rate or args.min
    camera, sender = capture(args), encoder(args, rate, 0)
    began = time.monotonic()
    print(json.dumps({"at_s": 0, "rate_bps": rate}), flush=True)
    while time.monotonic() < began + args.seconds:
        frame = camera.stdout.read(frame_bytes)
        if len(frame) < frame_bytes:
            break
        allowed.update()
        now = time.monotonic()
        if allowed.rate is not None and choice.change(rate, allowed.rate, now):
            rate = allowed.rate
            sender.stdin.close()
            sender.wait()
            sender = encoder(args, rate, frames)
            choice.more_since = None
            print(json.dumps({"at_s": round(now - began, 3), "rate_bps": rate}), flush=True)
        sender.stdin.write(frame)
        frames += 1
    else:
        camera.kill()  # told to end, it would say that nobody takes its last frame
    status = camera.wait()
    sender.stdin.close()
    return sender.wait() or max(0, status)


if __name__ == "__main__":
    try:
        sys.exit(run(arguments()))
    except KeyboardInterrupt:
        sys.exit(130)
    except FileNotFoundError as error:
        sys.exit(f"adaptive.py: {error.filename} is not installed")
    except BrokenPipeError:
        sys.exit("adaptive.py: ffmpeg, the encoder, has ended; what it said of it is above")
