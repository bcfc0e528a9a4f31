# SPDX-License-Identifier: BSD-3-Clause
"""What crossed an interface, by flow: a capture of dumpcap, read back."""
import collections
import statistics
import struct

SNAP = 60  # bytes of each frame: all headers up to the ports
FERRY = 13779


class Capture:
    """times, lengths and marks of frames by flow, which is "ferry" or the TCP port that it goes to.

    A mark tells a frame from every other: its headers' bytes, in which sequences and time stamps are.
    """

    def __init__(self, path):
        self.flows = collections.defaultdict(list)
        data = path.read_bytes()
        magic = struct.unpack_from("<I", data)[0]
        if magic != 0xA1B2C3D4:
            raise RuntimeError(f"{path}: not a capture in microseconds (magic {magic:#x})")
        at = 24
        while at + 16 <= len(data):
            seconds, micros, kept, length = struct.unpack_from("<4I", data, at)
            at += 16
            if at + kept > len(data):
                break
            if kept >= 38 and data[at + 12:at + 14] == b"\x08\x00":
                protocol, port = data[at + 23], int.from_bytes(data[at + 36:at + 38], "big")
                flow = "ferry" if protocol == 17 and port == FERRY else port
                self.flows[flow].append(
                    (seconds + micros * 1e-6, length, hash(data[at + 14:at + kept])))
            at += kept

    def largest(self, flow):
        return max((length for _, length, _ in self.flows[flow]), default=0)

    def within(self, flow, begin, end):
        """(frames, bytes)"""
        lengths = [length for time, length, _ in self.flows[flow] if begin <= time < end]
        return len(lengths), sum(lengths)

    def lost(self, flow, begin, end, came):
        """The share of these frames that is not in another capture, which goes on after the end."""
        arrived = {mark for _, _, mark in came.flows[flow]}
        marks = [mark for time, _, mark in self.flows[flow] if begin <= time < end]
        return sum(mark not in arrived for mark in marks) / len(marks) if marks else 0.0

    def by_second(self, flow, begin, seconds):
        """Mbit/s in each second."""
        bits = [0.0] * seconds
        for time, length, _ in self.flows[flow]:
            at = int((time - begin) // 1)
            if 0 <= at < seconds:
                bits[at] += length * 8e-6
        return bits

    def variation(self, flow, begin, end, interval):
        """Coefficient of variation of the rate, sampled over whole intervals."""
        count = int((end - begin) / interval)
        samples = [0] * count
        for time, length, _ in self.flows[flow]:
            at = int((time - begin) // interval)
            if 0 <= at < count:
                samples[at] += length
        mean = statistics.fmean(samples) if samples else 0
        return statistics.pstdev(samples) / mean if mean else float("inf")
