"""The cast of the other web tests, and an account with one of everything."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from flask import Flask

from engine.store import database
from tests.webui.conftest import (
    Browser,
    anyone,
    app,
    cast,
    furnished,
    logged_in,
    operator,
    outsider,
    owner,
    quality,
    settings,
)
from tests.webui_pages.world import World, make_world
from webui.request.security import limiter

__all__ = [
    "anyone", "app", "cast", "furnished", "operator", "outsider", "owner", "quality", "settings",
]  # fmt: skip


@pytest.fixture(autouse=True)
def unlimited(app: Flask) -> Iterator[None]:
    """A walk asks more often than a person."""
    limiter.enabled = False
    yield
    limiter.enabled = True


@pytest.fixture(scope="session")
def furnished_world(furnished, tmp_path_factory: pytest.TempPathFactory):
    """The world's database and files, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("world")
    shutil.copyfile(furnished[0], folder / "avanak.db")
    database.open_database(f"sqlite:///{folder / 'avanak.db'}")
    return folder, make_world(folder, furnished[1])


@pytest.fixture
def world(app: Flask, settings, furnished_world) -> World:
    """One of everything that a customer can have, of Sahar's account."""
    folder, made = furnished_world
    shutil.copytree(folder, settings.data_dir, dirs_exist_ok=True)
    database.open_database(settings.database)
    return made


@pytest.fixture
def enter(app: Flask):
    """Somebody by user name, or nobody."""

    def work(username: str | None) -> Browser:
        return logged_in(app, username) if username else Browser(app)

    return work
