"""Opening the database: SQLite in one file, or PostgreSQL.

Models are bound to ``db``, a proxy that ``open_database`` points at the real database when the process starts.  Connections
are never opened implicitly: every unit of work uses ``with db.connection_context():``.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import peewee
from peewee import Database, DatabaseProxy, SqliteDatabase
from playhouse.migrations import MigrationError, Runner

from engine.errors import BadInput, StoreUnavailable
from engine.text import without_passwords

log = logging.getLogger(__name__)

db: Database = DatabaseProxy()  # type: ignore[assignment]

MIGRATIONS = Path(__file__).parent / "migrations"
UPGRADE_LOCK = 823402  # any number that all processes agree on

# WAL lets readers read while the writer writes.  synchronous=FULL syncs at each
# commit: a claim must survive a power cut, or somebody is called twice.
SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "foreign_keys": 1,
    "busy_timeout": 10_000,
    "cache_size": -16_000,
    "journal_size_limit": 64 * 1024 * 1024,
}
KEPT_STATEMENTS = 600  # prepared, of each connection: those over many rows exist in many sizes


def build_database(url: str) -> Database:
    """The peewee database of `url` (``sqlite:///path`` or ``postgresql://…``), not opened yet.

    Raises BadInput for any other address.
    """
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(
                "The database folder %(parent)s cannot be made: %(why)s",
                parent=path.parent,
                why=error.strerror,
            ) from error
        return SqliteDatabase(
            str(path),
            pragmas=SQLITE_PRAGMAS,
            autoconnect=False,
            timeout=10,
            cached_statements=KEPT_STATEMENTS,
        )
    parts = urlsplit(url)
    if parts.scheme in {"postgresql", "postgres"}:
        from playhouse.postgres_ext import Psycopg3Database  # noqa: PLC0415 - psycopg is an extra

        query = dict(item.split("=", 1) for item in parts.query.split("&") if "=" in item)
        host = unquote(query.pop("host", "")) or (unquote(parts.hostname) if parts.hostname else None)
        return Psycopg3Database(
            unquote(parts.path.lstrip("/")),
            host=host,
            port=parts.port,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            autoconnect=False,
            connect_timeout=5,
            **query,
        )
    shown = without_passwords(url)
    raise BadInput(
        "AVANAK_DATABASE_URL: expected sqlite:///PATH or postgresql://…, got %(shown)s", shown=shown
    )


def open_database(url: str) -> Database:
    """Point `db` at the database of `url` and try a connection.

    Raises StoreUnavailable when no server answers or the file cannot be used.
    """
    real = build_database(url)
    try:
        with real.connection_context():
            real.execute_sql("SELECT 1")
    except peewee.DatabaseError as error:
        raise StoreUnavailable(
            "The database cannot be opened: %(one_line)s", one_line=_one_line(error)
        ) from error
    db.initialize(real)  # type: ignore[attr-defined]
    return real


def is_sqlite() -> bool:
    """Whether the open database is SQLite."""
    return isinstance(db.obj, SqliteDatabase)  # type: ignore[attr-defined]


def upgrade() -> list[str]:
    """Apply the missing migrations and return their names.  Safe to run twice or by two processes at once.

    Raises StoreUnavailable with the migration's name when one fails (it is rolled back).
    """
    runner = Runner(db.obj, directory=str(MIGRATIONS))  # type: ignore[attr-defined]
    try:
        with db.connection_context(), _one_upgrader():
            names: list[str] = runner.up()
    except (peewee.PeeweeException, MigrationError) as error:
        raise StoreUnavailable(
            "The database cannot be upgraded: %(one_line)s", one_line=_one_line(error)
        ) from error
    for name in names:
        log.info("action=migrated name=%s", name)
    return names


@contextmanager
def _one_upgrader() -> Iterator[None]:
    """Hold a lock, so that a second process does not upgrade at the same time."""
    path = sqlite_path()
    if path is None:
        db.execute_sql("SELECT pg_advisory_lock(%s)", (UPGRADE_LOCK,))
        try:
            yield
        finally:
            db.execute_sql("SELECT pg_advisory_unlock(%s)", (UPGRADE_LOCK,))
        return
    with open(f"{path}.upgrade", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def take_turns(number: int) -> None:
    """Wait, inside a transaction, until no other process is in one that took turns by the same `number`."""
    if not is_sqlite():  # SQLite has one writer anyway
        db.execute_sql("SELECT pg_advisory_xact_lock(%s)", (number,))


def refuse_in_transaction(what: str) -> None:
    """Raise RuntimeError inside a transaction: all writers wait for its end, so it may do database work only."""
    if db.obj is not None and not db.is_closed() and db.transaction_depth():  # type: ignore[attr-defined]
        raise RuntimeError(f"{what} inside a transaction")


def sqlite_path() -> Path | None:
    """The database's file, or None for a server."""
    return Path(db.obj.database) if is_sqlite() else None  # type: ignore[attr-defined]


def restrict_file(path: Path) -> None:
    """Make a file readable by its owner alone (it holds people's numbers or a key)."""
    os.chmod(path, 0o600)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
