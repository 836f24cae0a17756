"""The databases and the people of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.store.threads import connected
from engine.store.writer import Writer
from tests.postgres.fixtures import postgres, store, store_url
from tests.tickets.cast import Cast, make_cast

__all__ = ["postgres", "store", "store_url"]


@pytest.fixture
def cast(store: Writer) -> Iterator[Cast]:
    """The people, and a connection of the test's own for reading."""
    people = make_cast()
    with connected():
        yield people
