"""The file of SQLite's log as tests write it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.store import changes


@pytest.fixture
def log_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log that was last written long ago."""
    database = changes.SqliteDatabase(str(tmp_path / "x.db"))
    monkeypatch.setattr(changes, "db", database)
    path = tmp_path / "x.db-wal"
    path.write_bytes(b"old")
    os.utime(path, (1_000, 1_000))
    return path
