"""The jobs begin beside running calls: what they need is imported in small pieces."""

from __future__ import annotations

import subprocess
import sys

PIECES = """
import engine.patch, importlib, sys
from engine.runtime.controller import JOBS_IMPORTS
for name in JOBS_IMPORTS:
    importlib.import_module(name)
known = set(sys.modules)
import engine.runtime.jobs
from engine.services.outbox.sending import Channels
from engine.services.outbox.voice import VoiceLine
print(len(set(sys.modules) - known))
"""


def test_nothing_is_left_to_import_when_the_jobs_begin() -> None:
    """Each piece can be imported by itself, and the last import finds everything there."""
    done = subprocess.run([sys.executable, "-c", PIECES], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("0", "")
