"""Open the store: folders, database, migrations.  Every process does this first."""

from __future__ import annotations

from engine import private_files
from engine.config import Settings
from engine.store import database


def open_store(settings: Settings) -> None:
    """Open and upgrade the database, and make the folders, which nobody else can read.  Safe to repeat.

    The folder of prompts lets the switch's group in (AVANAK_SWITCH_GROUP).
    """
    gid = private_files.group_id(settings.switch_group)
    private_files.make_root(settings.data_dir)
    private_files.make_folder(settings.prompts_dir, gid)
    if gid is not None:
        private_files.pass_through(settings.data_dir, gid)
    private_files.make_folder(settings.reports_dir)
    database.open_database(settings.database)
    path = database.sqlite_path()
    if path is not None:
        database.restrict_file(path)
    database.upgrade()
