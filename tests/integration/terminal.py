# SPDX-License-Identifier: BSD-3-Clause
"""A program on a pseudo-terminal, and the screen that it draws: as much of an xterm as curses uses."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

from harness.node import PATIENCE

CONTROL = re.compile(rb"\x1b\[([?>]?)([0-9;]*)([A-Za-z@`])|\x1b[()][A-Z0-9]|\x1b[=>78M]")


class Screen:
    def __init__(self, columns, lines):
        self.columns, self.lines = columns, lines
        self.cells = [[" "] * columns for _ in range(lines)]
        self.x = self.y = 0
        self.last = " "
        self.beyond = False  # something was written beyond the last column

    def put(self, char):
        if self.x >= self.columns:
            self.beyond = True
            return
        self.cells[self.y][self.x] = self.last = char
        self.x += 1

    def control(self, mark, numbers, letter):
        first = int(numbers.split(";")[0] or 0) if numbers else 0
        n = max(first, 1)
        if mark or letter in "mhlrt":
            return
        if letter in "Hf":
            y, _, x = numbers.partition(";")
            self.y, self.x = int(y or 1) - 1, int(x or 1) - 1
        elif letter in "ABCDG`d":
            moves = {"A": (0, -n), "B": (0, n), "C": (n, 0), "D": (-n, 0)}
            if letter in moves:
                self.x, self.y = self.x + moves[letter][0], self.y + moves[letter][1]
            elif letter == "d":
                self.y = n - 1
            else:
                self.x = n - 1
        elif letter == "b":
            for _ in range(n):
                self.put(self.last)
        elif letter == "X":
            self.blank(self.y, self.x, min(self.x + n, self.columns))
        elif letter == "K":
            self.blank(self.y, 0 if first else self.x,
                       self.x + 1 if first == 1 else self.columns)
        elif letter == "J":
            assert first in (0, 2), numbers
            if first == 0:
                self.blank(self.y, self.x, self.columns)
            for y in range(self.y + 1 if first == 0 else 0, self.lines):
                self.blank(y, 0, self.columns)
        elif letter == "P":
            row = self.cells[self.y]
            self.cells[self.y] = (row[:self.x] + row[self.x + n:] + [" "] * n)[:self.columns]
        elif letter == "@":
            row = self.cells[self.y]
            self.cells[self.y] = (row[:self.x] + [" "] * n + row[self.x:])[:self.columns]
        elif letter in "LM":
            rows = self.cells[self.y:]
            blank = [[" "] * self.columns for _ in range(n)]
            self.cells[self.y:] = (rows[n:] + blank if letter == "M" else blank + rows)[:len(rows)]
        else:
            raise AssertionError(f"a sequence that is not known here: {numbers}{letter}")

    def blank(self, y, begin, end):
        for x in range(begin, min(end, self.columns)):
            self.cells[y][x] = " "

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.cells)


class Terminal:
    def __init__(self, command, columns=80, lines=24):
        self.screen, self.rest = Screen(columns, lines), b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # TERM says what this understands; no scrolling region, no inserted lines.
            os.environ.update(TERM="xterm", LC_ALL="C.UTF-8", LINES=str(lines),
                              COLUMNS=str(columns))
            os.execv(command[0], [str(word) for word in command])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self, seconds):
        """What comes within so many seconds goes to the screen. False: the program ended."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.fd], [], [], left)[0]:
                return True
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return False
            if not data:
                return False
            self.feed(self.rest + data)
        return True

    def feed(self, data):
        at = 0
        while at < len(data):
            byte = data[at]
            if byte == 0x1b:
                found = CONTROL.match(data, at)
                if found is None:
                    break  # cut off, or not known: more must come
                if found[3] is not None:
                    self.screen.control(found[1].decode(), found[2].decode(), found[3].decode())
                at = found.end()
                continue
            if byte >= 0x80:
                size = 2 if byte < 0xe0 else 3 if byte < 0xf0 else 4
                if at + size > len(data):
                    break
                self.screen.put(data[at:at + size].decode())
                at += size
                continue
            if byte == 0x0d:
                self.screen.x = 0
            elif byte == 0x0a:
                self.screen.y = min(self.screen.y + 1, self.screen.lines - 1)
            elif byte == 0x08:
                self.screen.x = max(self.screen.x - 1, 0)
            elif byte >= 0x20:
                self.screen.put(chr(byte))
            at += 1
        self.rest = data[at:]
        assert len(self.rest) < 32, f"not understood: {self.rest!r}"

    def wait(self, pattern, seconds=10):
        end = time.monotonic() + seconds * PATIENCE
        while not re.search(pattern, self.screen.text()):
            assert time.monotonic() < end, f"no /{pattern}/ on\n{self.screen.text()}"
            assert self.read(0.1), f"it ended:\n{self.screen.text()}"
        return self.screen.text()

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def end(self, seconds=5):
        """Its exit status."""
        end = time.monotonic() + seconds * PATIENCE
        while self.read(0.1):
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise AssertionError("it did not end")
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
