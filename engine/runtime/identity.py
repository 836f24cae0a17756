"""The identity of this engine among others that share its database: a name that survives a restart.

The process that holds the identity's lock is that engine, and its predecessor is dead.  So a restarted engine goes on with
its own switches at once, without waiting for their leases to expire.
"""

from __future__ import annotations

import fcntl
import re
import secrets
import socket
from pathlib import Path
from typing import IO

from engine.config import Settings
from engine.errors import EngineBusy, StoreUnavailable
from engine.store import database


class Identity:
    """The lock and the name of an engine; `release` when it has ended."""

    def __init__(self, lock: IO[str], owner: str) -> None:
        self._lock = lock
        self.owner = owner  # ``name:token``; empty with SQLite, where there is one engine only

    def release(self) -> None:
        self._lock.close()


def take_identity(settings: Settings) -> Identity:
    """Take the lock and become the engine of this database file, or with PostgreSQL one of its engines.

    Raises EngineBusy when that engine is running already.
    """
    lock_path = _lock_path(settings)
    path = database.sqlite_path()
    if path is not None:
        busy = f"Another engine is running on {path}; stop it, or use another data_dir."
        return Identity(_locked(lock_path, busy), "")
    name = _name_of(settings)
    lock = _locked(
        lock_path,
        f"Another engine called {name} is running with {settings.data_dir};"
        " give this one another AVANAK_ENGINE_NAME.",
    )
    lock.seek(0)
    token = lock.read().strip()
    if not re.fullmatch(r"[0-9a-f]{16}", token):
        token = secrets.token_hex(8)
        lock.seek(0)
        lock.truncate()
        lock.write(token)
        lock.flush()
    return Identity(lock, f"{name}:{token}")


def is_identity_taken(settings: Settings) -> bool:
    """Whether a living engine has the identity that `take_identity` would take."""
    try:
        take_identity(settings).release()
    except EngineBusy:
        return True
    return False


def _name_of(settings: Settings) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", settings.engine_name or socket.gethostname())[:60]


def _lock_path(settings: Settings) -> Path:
    """With SQLite the lock belongs to the file, with PostgreSQL to the engine's name in this data_dir."""
    path = database.sqlite_path()
    return (
        Path(f"{path}.engine")
        if path is not None
        else settings.data_dir / f"engine-{_name_of(settings)}.lock"
    )


def _locked(path: Path, busy: str) -> IO[str]:
    try:
        file = open(path, "a+")  # noqa: SIM115 - held until release
    except OSError as error:
        raise StoreUnavailable(
            "The lock %(path)s cannot be made: %(why)s.", path=path, why=error.strerror
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise EngineBusy(busy) from error
    return file
