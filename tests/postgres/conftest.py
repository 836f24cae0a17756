"""The databases of these tests, and engines that share one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store import database, threads
from engine.store.database import db
from tests.postgres.cluster import Cluster
from tests.postgres.fixtures import postgres, store, store_url
from tests.postgres.server import PostgresServer

__all__ = ["postgres", "store", "store_url"]


@pytest.fixture
def cluster(postgres: PostgresServer, tmp_path: Path) -> Iterator[Cluster]:
    url = postgres.create()
    database.open_database(url)
    database.upgrade()
    made = Cluster(url, tmp_path)
    yield made
    made.stop()
    threads.close_readers()
    if not db.is_closed():
        db.close()
    postgres.drop(url)
