"""`avanakctl db …`"""

from __future__ import annotations

import click

from engine import logs
from engine.commands import common
from engine.config import load_settings
from engine.runtime.opening import open_store
from engine.store import database


@click.group()
def db() -> None:
    """The database."""


@db.command()
@common.json_option
def upgrade(as_json: bool) -> None:
    """Create the database, or upgrade it to this version.  Safe to repeat."""
    settings = load_settings()
    logs.to_file(settings.data_dir, settings.log_level)
    database.open_database(settings.database)
    applied = database.upgrade()
    open_store(settings)
    sentence = f"Applied: {', '.join(applied)}." if applied else "The database is up to date."
    common.answer({"applied": applied}, as_json, lambda: click.echo(sentence))
