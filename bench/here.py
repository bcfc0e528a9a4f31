# SPDX-License-Identifier: BSD-3-Clause
"""Where the tree and its build are; who imports it can import the tests' harness from then on, by which
he starts children in sessions with his nice value."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from harness import child
from harness.program import BUILD, ROOT

__all__ = ["BUILD", "ROOT"]

child.sessions(niced=True)
