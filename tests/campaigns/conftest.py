"""A database of its own for each test, with an account, a message and a campaign."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.services.campaigns import campaigns
from engine.services.campaigns.rules import CampaignRules
from engine.services.messages import prompts
from engine.services.trunks import gateways
from engine.store import database, threads
from engine.store.tables.core import Account
from engine.store.threads import write
from tests.money.fixtures import sqlite, upgraded, world
from tests.policies import ANYTHING
from tests.postgres.fixtures import postgres, store, store_url

__all__ = ["postgres", "sqlite", "store", "store_url", "upgraded", "world"]

NOW = 1_700_000_000_000


@pytest.fixture
def account_id(tmp_path: Path) -> Iterator[int]:
    """An open, empty database with one account, that is never charged; its id."""
    database.open_database(f"sqlite:///{tmp_path / 'test.db'}")
    database.upgrade()
    yield write(lambda: int(Account.create(name="Sahar", created_at=NOW, state="active", is_house=True).id))
    threads.close_readers()


@pytest.fixture
def campaign_id(account_id: int) -> int:
    """A draft campaign with a message of ten seconds, and a gateway `lab`."""

    def work() -> int:
        gateways.add("lab", 10, 100, None, NOW)
        message_id = prompts.add(account_id, "Hello", "hello", 10_000, NOW)
        rules = CampaignRules(name="Autumn")
        return campaigns.create(account_id, rules, message_id, NOW, ANYTHING)

    return write(work)
