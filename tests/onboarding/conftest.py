"""The databases of these tests."""

from tests.money.fixtures import sqlite, upgraded, world
from tests.postgres.fixtures import postgres, store, store_url

__all__ = ["postgres", "sqlite", "store", "store_url", "upgraded", "world"]
