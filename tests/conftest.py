# SPDX-License-Identifier: BSD-3-Clause
"""Makes tests/harness importable and its fixtures known to all tests below."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness.plugin import (  # noqa: E402,F401
    module_stage, pytest_configure, root, session_stage, stage)
