"""The databases and the cast of these tests."""

from __future__ import annotations

import pytest

from engine.store.writer import Writer
from tests.postgres.fixtures import postgres, store, store_url
from tests.tickets.cast import Cast, make_cast

__all__ = ["postgres", "store", "store_url"]


@pytest.fixture
def cast(store: Writer) -> Cast:
    return make_cast()
