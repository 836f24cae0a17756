"""A database of its own for each test, with an account, a message and a campaign."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.services.campaigns import campaigns
from engine.services.messages import prompts
from engine.services.trunks import gateways
from engine.store import database, threads
from engine.store.tables.core import Account
from engine.store.threads import write

NOW = 1_700_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[int]:
    """An open, empty database with one account, that is never charged; its id."""
    database.open_database(f"sqlite:///{tmp_path / 'test.db'}")
    database.upgrade()
    yield write(lambda: int(Account.create(name="Sahar", created_at=NOW, state="active", is_house=True).id))
    threads.close_readers()


@pytest.fixture
def campaign_id(store: int) -> int:
    """A draft campaign with a message of ten seconds, and a gateway `lab`."""

    def work() -> int:
        gateways.add("lab", 10, 100, NOW)
        message_id = prompts.add(store, "Hello", "hello", 10_000, NOW)
        rules = campaigns.CampaignRules(name="Autumn")
        return campaigns.create(store, rules, message_id, NOW, 660)

    return write(work)
