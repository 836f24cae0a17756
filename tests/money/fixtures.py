"""A store for each test, copied from one that was upgraded once: most tests here need SQLite only."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store import database, threads
from engine.store.database import db
from engine.store.writer import Writer
from tests.money.world import World


@pytest.fixture(scope="session")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables and no rows."""
    path = tmp_path_factory.mktemp("money") / "empty.db"
    database.open_database(f"sqlite:///{path}")
    database.upgrade()
    with db.connection_context():
        db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def sqlite(upgraded: Path, tmp_path: Path) -> Iterator[Writer]:
    """An open store with a writer that everything is written through."""
    path = tmp_path / "test.db"
    shutil.copyfile(upgraded, path)
    database.open_database(f"sqlite:///{path}")
    yield from opened()


def opened() -> Iterator[Writer]:
    """A writer on the open database, until the test ends."""
    writer = Writer()
    writer.start()
    threads.use_writer(writer)
    yield writer
    writer.stop()
    threads.use_writer(None)
    threads.close_readers()
    if not db.is_closed():
        db.close()


@pytest.fixture
def world(sqlite: Writer) -> World:
    return World()
