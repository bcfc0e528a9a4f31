# SPDX-License-Identifier: BSD-3-Clause
"""The test video: made, sent and received by ffmpeg, and compared frame by frame."""
import collections
import signal
import subprocess
from dataclasses import dataclass

from harness.program import Process
from sessions import VIDEO_PORT

RATE = 25
# A receiver knows that a frame is whole as the next one begins. So some follow that do not count.
RUN_OUT_SECONDS = 1
SIZE = "640x360"
FFMPEG = ("ffmpeg", "-nostdin", "-hide_banner", "-y")


def _ffmpeg(*arguments):
    done = subprocess.run([*FFMPEG, "-v", "error", *map(str, arguments)], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"ffmpeg {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout


def make(path, seconds):
    """A video of so many seconds and a run-out.

    Parameter sets are repeated in band: an RTP receiver has no other place to get them from.
    """
    _ffmpeg("-f", "lavfi", "-i", f"testsrc2=size={SIZE}:rate={RATE}", "-t",
            seconds + RUN_OUT_SECONDS,
            "-c:v", "libx264", "-profile:v", "baseline", "-preset", "ultrafast", "-g", RATE,
            "-bf", 0, "-b:v", "800k", "-pix_fmt", "yuv420p",
            "-x264-params", "repeat-headers=1:slices=1", "-f", "mpegts", path)


def frame_hashes(path):
    """The MD5 of each decoded frame, in order; none if nothing can be decoded."""
    if not path.exists() or path.stat().st_size == 0:
        return []
    done = subprocess.run([*FFMPEG, "-v", "quiet", "-i", path, "-map", "0:v", "-f", "framemd5", "-"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    return [line.split(",")[-1].strip() for line in done.stdout.splitlines()
            if line and not line.startswith("#")]


def save_picture(video, number, path):
    """Frame number (from 0) as a PNG; False if there is no such frame."""
    path.unlink(missing_ok=True)
    if not video.exists() or video.stat().st_size == 0:
        return False
    subprocess.run([*FFMPEG, "-v", "quiet", "-i", video, "-vf", f"select=eq(n\\,{number})",
                    "-vsync", "0", "-frames:v", "1", path], stdin=subprocess.DEVNULL, check=False)
    return path.exists()


@dataclass
class Comparison:
    sent: int
    received: int
    missing: int  # frames sent that did not come, or not as they were
    foreign: int  # frames that came and were never sent: damaged, or twice


def compare(sent, received):
    """Of the frames sent, the run-out at their end does not count."""
    counted = sent[:-RUN_OUT_SECONDS * RATE]
    came = collections.Counter(received)
    missing = (collections.Counter(counted) - came).total()
    foreign = (came - collections.Counter(sent)).total()
    return Comparison(len(counted), len(counted) - missing + foreign, missing, foreign)


class Sender(Process):
    def __init__(self, namespace, video, address, directory):
        super().__init__("ffmpeg", namespace, directory / "sender.log")
        self.spawn(*FFMPEG, "-v", "warning", "-re", "-i", video, "-map", "0:v", "-c:v", "copy",
                   "-payload_type", "96", "-f", "rtp", f"rtp://{address}:{VIDEO_PORT}?pkt_size=1200")


class Receiver(Process):
    """Writes the video as it comes, not decoded."""

    def __init__(self, namespace, site, directory):
        own = directory / site.name
        sdp = own / "video.sdp"
        self.video = own / "video.h264"
        self.progress = own / "video.progress"
        self.video.unlink(missing_ok=True)
        self.progress.unlink(missing_ok=True)
        sdp.write_text("v=0\n"
                       f"o=- 0 0 IN IP4 {site.client_address}\n"
                       "s=Ferry demo\n"
                       f"c=IN IP4 {site.client_address}\n"
                       "t=0 0\n"
                       f"m=video {VIDEO_PORT} RTP/AVP 96\n"
                       "a=rtpmap:96 H264/90000\n"
                       "a=fmtp:96 packetization-mode=1\n", encoding="ascii")
        super().__init__(f"ffmpeg at {site.title}", namespace, own / "receiver.log")
        self.spawn(*FFMPEG, "-v", "warning", "-stats_period", "0.5", "-progress", self.progress,
                   "-protocol_whitelist", "file,udp,rtp", "-i", sdp, "-map", "0:v", "-c", "copy",
                   "-flush_packets", "1", "-f", "h264", self.video)

    def listening(self):
        self.check()
        with open(f"/proc/{self.process.pid}/net/udp", encoding="ascii") as text:
            return any(line.split()[1].endswith(f":{VIDEO_PORT:04X}") for line in text)

    def frames(self):
        """How many came so far, as ffmpeg tells."""
        if not self.progress.exists():
            return 0
        with open(self.progress, encoding="ascii", errors="replace") as text:
            values = [line[6:] for line in text if line.startswith("frame=")]
        return int(values[-1]) if values else 0

    def finish(self):
        """An RTP receiver never sees an end: it is told, and a second time while it waits."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(0.3)
        except subprocess.TimeoutExpired:
            self.stop(30, signal.SIGINT)
