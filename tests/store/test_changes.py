"""Whether the database may hold something new, by the file of its log."""

from __future__ import annotations

import os
from pathlib import Path

from engine.store import changes
from engine.store.changes import Changes
from engine.store.database import db
from tests.store.sqlite_log import log_file

__all__ = ["log_file"]  # a fixture


def test_the_same_file_is_looked_at_once_and_again_after_its_time(log_file: Path) -> None:
    seen = Changes(2.0)
    assert [seen.may_be_new(at) for at in (10.0, 10.5, 11.9, 12.0, 12.5)] == [True, False, False, True, False]


def test_whatever_was_written_is_looked_at_until_it_must_be_visible(log_file: Path) -> None:
    seen = Changes(100.0)
    assert seen.may_be_new(10.0)
    with log_file.open("ab") as file:
        file.write(b"new")  # now: it may not be committed yet
    assert [seen.may_be_new(at) for at in (10.1, 10.2)] == [True, True]
    os.utime(log_file, (2_000, 2_000))
    assert [seen.may_be_new(at) for at in (10.3, 10.4)] == [True, False]


def test_a_database_without_such_a_file_is_always_looked_at(log_file: Path) -> None:
    log_file.unlink()
    seen = Changes(100.0)
    assert [seen.may_be_new(at) for at in (10.0, 10.1)] == [True, True]


def test_the_database_in_use_is_asked() -> None:
    assert changes.db is db
