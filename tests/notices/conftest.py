"""The databases and the cast of these tests; servers that speak SMTP and the bot API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store.writer import Writer
from tests.notices.bot_server import BotServer
from tests.notices.smtp_process import SmtpProcess
from tests.postgres.fixtures import postgres, store, store_url
from tests.tickets.cast import Cast, make_cast

__all__ = ["postgres", "store", "store_url"]


@pytest.fixture
def cast(store: Writer) -> Cast:
    return make_cast()


@pytest.fixture
def bots() -> Iterator[BotServer]:
    server = BotServer()
    yield server
    server.stop()


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[SmtpProcess]:
    process = SmtpProcess(tmp_path)
    yield process
    process.stop()
