"""One loop looks for what was written and wakes the others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.dialing.news import UNSEEN_S, News
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


def test_a_step_is_made_while_something_happens(log_file: Path) -> None:
    made: list[int] = []
    quiet = [False]
    look = News(lambda: quiet[0]).looking(lambda: made.append(1))
    look()
    look()
    assert len(made) == 2
    quiet[0] = True
    look()
    look()
    assert len(made) == 3


def test_who_listens_steps_when_something_was_written(log_file: Path) -> None:
    quiet = [True]
    news = News(lambda: quiet[0])
    look = news.looking(lambda: None)
    said: list[object] = [None]
    loop = news.listening("steps", lambda: said[0], 1.0)
    assert loop.step() == 2 * UNSEEN_S
    said[0] = True  # there is more to do
    assert loop.step() is True
    assert loop.wake is not None
    look()
    assert loop.wake.is_set
    loop.wake.clear()
    look()
    assert not loop.wake.is_set  # nothing was written
    quiet[0], said[0] = False, None
    assert loop.step() is None  # as often as it always does
    look()
    assert not loop.wake.is_set
