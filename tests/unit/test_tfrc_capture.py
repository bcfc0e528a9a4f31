#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Cells by their text, and figures from a capture whose frames are known."""
import pathlib
import struct
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))

from tfrc_capture import Capture
from tfrc_cell import Cell, Result
from tfrc_saved import Saved


def frame(protocol, port, number):
    ip = bytes([0x45]) + bytes(3) + struct.pack("!H", number) + bytes(3) + bytes([protocol]) + bytes(10)
    return bytes(12) + b"\x08\x00" + ip + struct.pack("!HH", 1000, port) + bytes(22)


def write(path, frames):
    """frames: (time, protocol, port, length)"""
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 60, 1)
    for time, protocol, port, length, *number in frames:
        micros = round(time * 1e6)
        data += struct.pack("<4I", micros // 1000000, micros % 1000000, 60, length)
        data += frame(protocol, port, *number or [0])
    path.write_bytes(data + b"\x00\x01")  # and the begin of a record that was not written whole
    return Capture(path)


def test_flows(tmp_path):
    capture = write(tmp_path / "c", [(5.0, 17, 13779, 1396), (5.5, 6, 5201, 1396),
                                     (6.0, 6, 5201, 80), (7.0, 17, 5201, 99), (7.5, 6, 5202, 10)])
    assert capture.within("ferry", 5, 6) == (1, 1396)
    assert capture.within(5201, 5, 6) == (1, 1396)
    assert capture.within(5201, 5, 8) == (3, 1396 + 80 + 99)
    assert capture.within(5203, 0, 9) == (0, 0)
    assert capture.by_second(5201, 5, 4) == pytest.approx([1396 * 8e-6, 80 * 8e-6, 99 * 8e-6, 0])
    assert capture.largest(5201) == 1396 and capture.largest(5203) == 0


def test_lost(tmp_path):
    sent = write(tmp_path / "s", [(n / 10, 17, 13779, 1396, n) for n in range(100)])
    came = write(tmp_path / "c", [(n / 10 + 0.3, 17, 13779, 1396, n) for n in range(100)
                                  if n not in (20, 55, 56)])
    assert sent.lost("ferry", 0, 10, came) == pytest.approx(0.03)
    assert sent.lost("ferry", 5, 9, came) == pytest.approx(2 / 40)
    assert sent.lost("ferry", 6, 9, came) == 0
    assert sent.lost(5201, 0, 9, came) == 0


def test_variation(tmp_path):
    # 1, 3, 1, 3 frames of 100 bytes in intervals of half a second: mean 2, deviation 1.
    times = [10.1, 10.6, 10.7, 10.8, 11.2, 11.5, 11.6, 11.99, 12.0]
    capture = write(tmp_path / "c", [(time, 17, 13779, 100) for time in times])
    assert capture.variation("ferry", 10, 12, 0.5) == pytest.approx(0.5)
    assert capture.variation("ferry", 10, 12, 1.0) == pytest.approx(0)
    assert capture.variation(5201, 10, 12, 1.0) == float("inf")


def test_another_file_is_refused(tmp_path):
    (tmp_path / "c").write_bytes(bytes(24))
    with pytest.raises(RuntimeError, match="not a capture"):
        Capture(tmp_path / "c")


def test_cells():
    cell = Cell.parse("50ms,10Mbit,1")
    assert cell == Cell(50, 10, 1, 1, "reno") and cell.queue == 62500
    assert Cell.parse("10ms,50Mbit,0.5,4,cubic") == Cell(10, 50, 0.5, 4, "cubic")
    for text in ("50ms,10Mbit,1", "10ms,50Mbit,0.5,4,cubic", "150ms,10Mbit,2,2"):
        assert str(Cell.parse(text)) == text
    assert Cell(1, 0.5, 0.1).queue == 2 * 1514
    for text in ("50,10Mbit,1", "50ms,10Mbit", "0ms,10Mbit,1", "50ms,10Mbit,1,0", "50ms,10Mbit,1,1,bbr"):
        with pytest.raises(ValueError, match="must be"):
            Cell.parse(text)
    with pytest.raises(ValueError, match=r"two frames of 1396 bytes at least, 2.234 ms at this rate"):
        Cell.parse("2.2ms,10Mbit,1")
    assert Cell.parse("3ms,10Mbit,1").frames == 8192
    long = Cell.parse("1000ms,200Mbit,10")
    assert long.frames >= 2 * (long.queue + 12.5e6) / 1396


def test_saved_results(tmp_path):
    path, cell = tmp_path / "s", Cell(50, 10, 1)
    result = Result(cell, 5.0, [4.0, 6.0], 1.0, 1.0, 0.01, 0.02, 0.1, 0.2, 0.1, 0.2, 9.0, 90.0,
                    [1396, 1396], {"ferry": [5.0], "5201": [4.0]})
    Saved(path, {"lead": 5}).add(result)
    Saved(path, {"lead": 0}).add(result)
    again = Saved(path, {"lead": 5})
    assert again.take(Cell(50, 10, 2)) is None
    assert again.take(cell) == result
    assert again.take(cell) is None, "each run counts once"
    path.write_text(path.read_text() + "{}\n")
    with pytest.raises(RuntimeError, match=":3: this is no saved result"):
        Saved(path, {"lead": 5})
