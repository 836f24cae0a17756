"""Files of tickets: their type is read from their content, and they are stored out of the web server's reach.

A file is received before the transaction (`Attachments.receive`) and gets a
random name below ``data_dir/attachments``; `attach` then writes its row.  Files
that were received and never attached are removed.
"""

from __future__ import annotations

import hashlib
import io
import logging
import re
import secrets
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from peewee import fn

from engine.atomic_file import whole_file
from engine.config import Settings
from engine.errors import BadInput, Conflict, NotFound, StoreUnavailable
from engine.services.accounts import accounts, audit_log, pictures, quotas
from engine.services.accounts.permissions import Actor, is_staff
from engine.services.tickets.access import ticket_for
from engine.store.tables.support import Attachment, Ticket, TicketMessage
from engine.store.threads import read

log = logging.getLogger(__name__)

MAX_FILES = 5  # of one message
ORPHAN_AGE_S = 24 * 3600
_BLOCK = 1 << 16
_MOST_AT_ONCE = 1 << 18  # bytes: the list of the parts of an archive, of which documents have some dozens
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
_MB = 1 << 20

_OFFICE = {
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
# Media type: the endings that a file of it may have, the first one is given to others.
TYPES: dict[str, tuple[str, ...]] = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "audio/wav": (".wav",),
    "audio/mpeg": (".mp3",),
    "audio/ogg": (".ogg", ".oga", ".opus"),
    "audio/flac": (".flac",),
    _OFFICE["xl/"]: (".xlsx",),
    _OFFICE["word/"]: (".docx",),
    "text/plain": (".txt", ".csv", ".log"),
}


@dataclass(frozen=True, slots=True)
class Received:
    """A received file that belongs to no ticket yet; `file` is its path."""

    name: str
    media_type: str
    size: int
    sha256: str
    path: str  # below the folder
    file: Path
    quota: int  # bytes that all files of its account may have together


class Attachments:
    """The folder of attachments and its limits."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.data_dir / "attachments"
        self.max_bytes = settings.attachment_max_mb * _MB
        self.quota = settings.attachment_quota_mb * _MB

    def receive(
        self, stream: BinaryIO, name: str, max_bytes: int | None = None, account: int | None = None
    ) -> Received:
        """Receive a file; no database.  BadInput if it is empty, too large (a picture also by its pixels) or not of `TYPES`.

        `max_bytes` replaces the setting, for files that we made ourselves.  `account` is whose file it is: of each, few
        pictures are measured at once (QueueFull).
        """
        limit = self.max_bytes if max_bytes is None else max_bytes
        shown = clean_name(name)
        path = f"{secrets.token_hex(1)}/{secrets.token_hex(20)}"
        file = self.folder / path
        digest, size = hashlib.sha256(), 0
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with whole_file(file) as out:
                while block := stream.read(_BLOCK):
                    size += len(block)
                    if size > limit:
                        raise BadInput("%(file)s: a file has at most %(n)s MB.", file=shown, n=limit // _MB)
                    digest.update(block)
                    out.write(block)
        except OSError as error:
            raise StoreUnavailable("The file cannot be stored: %(why)s.", why=error.strerror) from error
        try:
            media_type = type_of(file, shown)
            pictures.check(file, media_type, shown, account=account)
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        file.chmod(0o600)
        ending = Path(shown).suffix.lower()
        if ending not in TYPES[media_type]:
            shown += TYPES[media_type][0]
        return Received(shown, media_type, size, digest.hexdigest(), path, file, self.quota)

    def file_of(self, person: Actor, attachment_id: int) -> tuple[Attachment, Path]:
        """An attachment that the person may see, and its file; NotFound otherwise.  Inside a connection.

        Serve it as a download (``Content-Disposition: attachment``, ``nosniff``).
        """
        row = Attachment.get_or_none(Attachment.id == attachment_id)
        if row is None:
            raise NotFound("There is no attachment %(id)s.", id=attachment_id)
        ticket_for(person, row.ticket_id)
        message = TicketMessage.get_by_id(row.message_id)
        if message.is_internal and not is_staff(person):
            raise NotFound("There is no attachment %(id)s.", id=attachment_id)
        return row, self.folder / row.path

    def opened(self, person: Actor, row: Attachment, now: int) -> None:
        """Note in the audit log that one of the staff hears what a caller spoke; other files are not noted."""
        message = TicketMessage.get_by_id(row.message_id)
        if is_staff(person) and message.author_id is None and row.media_type.startswith("audio/"):
            ticket = Ticket.get_by_id(row.ticket_id)
            audit_log.record(
                person.id, ticket.account_id, "voice_message_heard", f"ticket {row.ticket_id}", now
            )

    def sweep(self, now: int) -> int:
        """Remove files older than a day that belong to no ticket; how many.  A job; opens its own connection."""
        old = [f for f in self._files() if now / 1000 - f.stat().st_mtime > ORPHAN_AGE_S]
        known = read(lambda: {row.path for row in Attachment.select(Attachment.path)}) if old else set()
        orphans = [file for file in old if f"{file.parent.name}/{file.name}" not in known]
        for file in orphans:
            file.unlink(missing_ok=True)
        if orphans:
            log.info("action=attachments_swept files=%d", len(orphans))
        return len(orphans)

    def _files(self) -> Iterator[Path]:
        if self.folder.is_dir():
            yield from (file for file in self.folder.glob("*/*") if file.is_file())


def discard(files: Sequence[Received]) -> None:
    """Remove files that were received for a message that was refused."""
    for each in files:
        each.file.unlink(missing_ok=True)


def attach(
    ticket: Ticket, message_id: int, author_id: int | None, files: Sequence[Received], now: int
) -> None:
    """Attach received files to a message; Conflict when a person's files would exceed the account's quota.

    A caller's recording has no author and is always kept.
    """
    if not files:
        return
    if len(files) > MAX_FILES:
        raise BadInput("A message has at most %(n)s files.", n=MAX_FILES)
    accounts.one_at_a_time(ticket.account_id)
    used = used_bytes(ticket.account_id)
    quota = files[0].quota
    if not quotas.is_confirmed(ticket.account_id):
        quota = min(quota, quotas.SMALL_FILES_BYTES)
    if author_id is not None and used + sum(each.size for each in files) > quota:
        raise Conflict(
            "The files of an account have at most %(most)s MB together; %(used)s MB are used.",
            most=quota // _MB,
            used=f"{used / _MB:.1f}",
        )
    for each in files:
        Attachment.create(
            ticket_id=ticket.id,
            message_id=message_id,
            account_id=ticket.account_id,
            author_id=author_id,
            name=each.name,
            media_type=each.media_type,
            size=each.size,
            sha256=each.sha256,
            path=each.path,
            created_at=now,
        )


def used_bytes(account_id: int) -> int:
    """How many bytes the files of an account have together."""
    total = Attachment.select(fn.SUM(Attachment.size)).where(Attachment.account_id == account_id).scalar()
    return int(total or 0)


def clean_name(name: str) -> str:
    """The last part of a file's name, safe to show: no path, no control characters, a limited length."""
    last = re.split(r"[\\/]", name)[-1]
    last = " ".join("".join(c if c.isprintable() and c not in '"<>:|?*' else " " for c in last).split())
    last = last.lstrip(".") or "file"
    stem, dot, ending = last.rpartition(".")
    return last if len(last) <= 100 else f"{stem[:90]}{dot}{ending[:9]}"


def type_of(file: Path, shown: str) -> str:
    """The media type of a file by its content, never by its name; BadInput if it is not accepted."""
    with file.open("rb") as stream:
        head = stream.read(_BLOCK)
    if not head:
        raise BadInput("%(file)s: the file is empty.", file=shown)
    found = _by_magic(head) or _by_archive(file, head) or (_is_text(file) and "text/plain") or ""
    if not found:
        raise BadInput(
            "%(file)s: files are taken as pictures, PDF, sound, text, XLSX and DOCX without macros.",
            file=shown,
        )
    return found


def _by_magic(head: bytes) -> str:
    if head.startswith(b"RIFF"):
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12], "")
    if head[:1] == b"\xff" and head[1:2] in (b"\xfb", b"\xf3", b"\xf2"):
        return "audio/mpeg"
    for magic, media_type in (
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"%PDF-", "application/pdf"),
        (b"ID3", "audio/mpeg"),
        (b"OggS", "audio/ogg"),
        (b"fLaC", "audio/flac"),
    ):
        if head.startswith(magic):
            return media_type
    return ""


def _by_archive(file: Path, head: bytes) -> str:
    if not head.startswith(b"PK\x03\x04"):
        return ""
    try:
        with _ListOfParts(file) as listed, zipfile.ZipFile(listed) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        return ""
    if "[Content_Types].xml" not in names or any("vbaproject" in name.lower() for name in names):
        return ""
    return next((kind for part, kind in _OFFICE.items() if any(n.startswith(part) for n in names)), "")


class _ListOfParts(io.FileIO):
    """An archive of which only the list of parts is read: one of 200,000 parts in 10 MB takes seconds and 80 MB."""

    def read(self, size: int | None = -1, /) -> Any:
        if size is not None and size > _MOST_AT_ONCE:
            raise zipfile.BadZipFile("its list of parts is too long")
        return super().read(size)


def _is_text(file: Path) -> bool:
    """Whether this is UTF-8 without control characters that does not begin like a page of HTML."""
    try:
        text = file.read_text("utf-8-sig")
    except (UnicodeDecodeError, OSError):
        return False
    return not _CONTROL.search(text) and not text.lstrip().startswith("<")
