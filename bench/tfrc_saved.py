# SPDX-License-Identifier: BSD-3-Clause
"""Results of cells in a file, one JSON object a line, so that an hour of them can be gone on with."""
import dataclasses
import hashlib
import json

from tfrc_cell import Cell, Result


def programs(*paths):
    """Which builds they are, for a kind: others' results are not theirs."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


class Saved:
    """What the file at path holds of runs of this kind; path None: nothing, and nothing is written.

    kind is what a run was measured with, a dict: lines of another kind are left alone.
    """

    def __init__(self, path, kind):
        self.path, self.kind = path, json.loads(json.dumps(kind))
        self.results = list(self._read()) if path and path.exists() else []

    def _read(self):
        for number, line in enumerate(self.path.read_text(encoding="ascii").splitlines(), 1):
            try:
                row = json.loads(line)
                if row["kind"] == self.kind:
                    yield Result(cell=Cell.parse(row["cell"]), **row["result"])
            except (ValueError, KeyError, TypeError) as error:
                raise RuntimeError(f"{self.path}:{number}: this is no saved result ({error}), remove the "
                                   "line or name another file") from error

    def take(self, cell):
        """One of this cell that was not taken yet, or None."""
        for at, result in enumerate(self.results):
            if result.cell == cell:
                return self.results.pop(at)
        return None

    def add(self, result):
        if not self.path:
            return
        fields = {field.name: getattr(result, field.name) for field in dataclasses.fields(result)
                  if field.name != "cell"}
        with self.path.open("a", encoding="ascii") as file:
            file.write(json.dumps({"kind": self.kind, "cell": str(result.cell), "result": fields})
                       + "\n")
