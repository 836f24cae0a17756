"""The databases of these tests."""

from tests.postgres.fixtures import postgres, store, store_url

__all__ = ["postgres", "store", "store_url"]
