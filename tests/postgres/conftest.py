"""The databases of these tests, and engines that share one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres.cluster import Cluster
from tests.postgres.fixtures import opened, postgres, store, store_url
from tests.postgres.server import PostgresServer

__all__ = ["postgres", "store", "store_url"]


@pytest.fixture
def cluster(postgres: PostgresServer, tmp_path: Path) -> Iterator[Cluster]:
    with opened(postgres) as url:
        made = Cluster(url, tmp_path)
        yield made
        made.stop()
