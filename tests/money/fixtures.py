"""A store for each test, copied from one that was made once: most tests here need SQLite only."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.services.onboarding import first_start
from engine.store import database, threads
from engine.store.database import db
from engine.store.writer import Writer
from tests.money.world import NOW, World
from tests.postgres.fixtures import upgraded_file


@pytest.fixture(scope="session")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with what a first start writes: hashing its password takes long."""
    path = shutil.copyfile(upgraded_file(), tmp_path_factory.mktemp("money") / "first.db")
    database.open_database(f"sqlite:///{path}")
    with db.connection_context():
        with db.atomic():
            first_start.ensure_first(NOW, "a long password")
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
