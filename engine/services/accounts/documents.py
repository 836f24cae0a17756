"""Documents from customers, stored below ``data_dir/documents``, which no web server serves.

The type of a file is taken from its first bytes, not from its name; names are only displayed.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.errors import BadInput, NotFound, StoreUnavailable
from engine.services.accounts import accounts, pictures
from engine.services.accounts.ownership import owned
from engine.store.tables.customers import Document
from engine.text import shown_name

MAX_BYTES = 10 * 1024 * 1024
MAX_OF_ACCOUNT = 50
_CHUNK = 64 * 1024
# First bytes, media type, the endings that a file of it may have; the first one is given to others.
_KINDS = (
    (b"%PDF-", "application/pdf", (".pdf",)),
    (b"\xff\xd8\xff", "image/jpeg", (".jpg", ".jpeg")),
    (b"\x89PNG\r\n\x1a\n", "image/png", (".png",)),
)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that was taken, not noted in the database yet."""

    name: str
    media_type: str
    size: int
    sha256: str
    path: str  # below the folder of documents


def take(folder: Path, account_id: int, source: BinaryIO, name: str) -> StoredFile:
    """Copy an upload below `folder`; BadInput unless it is a PDF, JPEG or PNG of up to 10 MB.  No database.

    Pictures are measured first (`pictures.check`): staff see them in the page.
    """
    head = source.read(16)
    kind = next((item for item in _KINDS if head.startswith(item[0])), None)
    shown = shown_name(name, "document")
    if kind is None:
        raise BadInput("«%(file)s» is not a PDF, JPEG or PNG file.", file=shown)
    endings = kind[2]
    if Path(shown).suffix.lower() not in endings:  # whoever opens it opens what we looked at
        shown += endings[0]
    relative = f"{account_id}/{secrets.token_hex(16)}{endings[0]}"
    target = folder / relative
    made = hashlib.sha256()
    size = 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            chunk = head
            while chunk:
                size += len(chunk)
                if size > MAX_BYTES:
                    break
                made.update(chunk)
                file.write(chunk)
                chunk = source.read(_CHUNK)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise StoreUnavailable("The document cannot be kept: %(why)s.", why=error.strerror) from error
    if size > MAX_BYTES:
        target.unlink(missing_ok=True)
        raise BadInput("«%(file)s» is larger than %(n)s MB.", file=shown, n=MAX_BYTES // 1024 // 1024)
    try:
        pictures.check(target, kind[1], shown, moves=False, account=account_id)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return StoredFile(shown, kind[1], size, made.hexdigest(), relative)


def drop(folder: Path, stored: StoredFile) -> None:
    """Remove a file whose document could not be saved."""
    (folder / stored.path).unlink(missing_ok=True)


def note(account_id: int, stored: StoredFile, now: int, review_id: int | None = None) -> int:
    """Note a taken file as a document of the account; its id.  BadInput when the account has too many."""
    accounts.one_at_a_time(account_id)
    if Document.select().where(Document.account_id == account_id).count() >= MAX_OF_ACCOUNT:
        raise BadInput(
            "An account can have %(n)s documents; ask staff to look at those first.", n=MAX_OF_ACCOUNT
        )
    row = Document.create(
        account_id=account_id,
        review_id=review_id,
        name=stored.name,
        media_type=stored.media_type,
        size=stored.size,
        sha256=stored.sha256,
        path=stored.path,
        created_at=now,
    )
    return int(row.id)


def get(document_id: int, account_id: int | None = None) -> Document:
    """A document, of the account if one is given; NotFound otherwise."""
    query = Document.select().where(Document.id == document_id)
    missing = NotFound("There is no document %(id)s.", id=document_id)
    return owned(query, Document.account_id, account_id, missing)


def file_of(folder: Path, row: Document) -> Path:
    """Where a document lies; NotFound when the file has gone."""
    path = folder / row.path
    if not path.is_file():
        raise NotFound("The file of document %(id)s is missing.", id=row.id)
    return path
