"""Opening of the store: folders, database, its newest form.  What every process does first."""

from __future__ import annotations

from engine.config import Settings
from engine.errors import StoreUnavailable
from engine.services.compliance import policy
from engine.store import database


def open_store(settings: Settings) -> None:
    """Open and upgrade the database, and make the folders.  Safe to repeat."""
    for folder in (settings.data_dir, settings.prompts_dir, settings.reports_dir):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"The folder {folder} cannot be made: {error.strerror}.") from error
    policy.use(settings)
    database.open_database(settings.database)
    path = database.sqlite_path()
    if path is not None:
        database.restrict_file(path)
    database.upgrade()
