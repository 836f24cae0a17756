"""Fixtures of tests that run on both databases: a store opened and upgraded, a new one for each test."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from engine.store import database, threads
from engine.store.database import db
from engine.store.writer import Writer
from tests.postgres.server import PostgresServer


@cache
def the_server() -> PostgresServer:
    """The session's server, started when the first test wants it."""
    server = PostgresServer()
    atexit.register(server.destroy)
    server.start()
    return server


@cache
def upgraded_file() -> Path:
    """An SQLite file with all tables and no rows, to be copied: copying is a hundred times as fast as upgrading."""
    folder = tempfile.mkdtemp(prefix="avanak-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "empty.db"
    database.open_database(f"sqlite:///{path}")
    database.upgrade()
    with db.connection_context():
        db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@cache
def _upgraded() -> str:
    """A PostgreSQL database with all tables, to be copied as well."""
    url = the_server().create()
    database.open_database(url)
    database.upgrade()
    return url


@contextmanager
def opened(server: PostgresServer) -> Iterator[str]:
    """A new PostgreSQL database, open and upgraded: its address; it is dropped at the end."""
    url = server.create()
    database.open_database(url)
    database.upgrade()
    yield url
    threads.close_readers()
    if not db.is_closed():
        db.close()
    server.drop(url)


@pytest.fixture(scope="session")
def postgres() -> PostgresServer:
    return the_server()


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without rows, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{shutil.copyfile(upgraded_file(), tmp_path / 'test.db')}"
        return
    server = the_server()
    url = server.create(_upgraded())
    yield url
    server.drop(url)


@pytest.fixture
def store(store_url: str) -> Iterator[Writer]:
    """An open, upgraded database with a writer that everything is written through."""
    database.open_database(store_url)
    database.upgrade()
    writer = Writer()
    writer.start()
    threads.use_writer(writer)
    yield writer
    writer.stop()
    threads.use_writer(None)
    threads.close_readers()
    if not db.is_closed():
        db.close()
