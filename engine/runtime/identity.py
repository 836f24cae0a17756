"""Who this engine is, for others that share its database: a name that outlives a restart.

Whoever holds the lock of the identity is that engine, and its predecessor of the same identity is dead:
so a restarted engine goes on with its own switches at once, without waiting for their leases to expire.
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
    """Become the engine of this database file, or with PostgreSQL one of its engines.

    Raises EngineBusy when that engine is running already.
    """
    path = database.sqlite_path()
    if path is not None:
        return Identity(
            _locked(
                Path(f"{path}.engine"),
                f"Another engine is running on {path}; stop it, or use another data_dir.",
            ),
            "",
        )
    name = re.sub(r"[^A-Za-z0-9._-]", "_", settings.engine_name or socket.gethostname())[:60]
    lock = _locked(
        settings.data_dir / f"engine-{name}.lock",
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
