"""Uploaded files that wait until somebody confirms what to do with them.

Each upload is a folder of its own under a name that cannot be guessed:
``pending.json`` and the list as it came.  It belongs to one person, and is removed
when it was brought in, or when nobody changed it for a month.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from engine.atomic_file import whole_file
from engine.errors import BadInput, NotFound, StoreUnavailable

T = TypeVar("T")

log = logging.getLogger(__name__)

MAX_AGE_MS = 30 * 24 * 3_600_000  # since it was changed last, confirmed or not
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,60}")
_BLOCK = 1 << 20
_META, _LIST, _SOUND = "pending.json", "list", "sound"
_TRIES = "tries"
TAKEN = ".taken"


@dataclass(slots=True)
class Pending:
    """A campaign that was put together and not confirmed yet."""

    token: str
    person_id: int
    account_id: int
    created_at: int
    list_name: str = ""  # what people call the file; empty: none yet
    message_id: int | None = None  # of the gallery
    campaign_id: int = 0  # more numbers for this campaign; 0: for one that is to be made
    choices: str = ""  # of `engine.services.lists.choices`: how the list is to be read
    rules: dict[str, Any] = field(default_factory=dict)  # of CampaignRules; empty: not filled in yet
    every: str = ""  # of `repeats`: how often it is made again; empty: once
    until_at: int | None = None  # up to when
    texts: dict[str, str] = field(default_factory=dict)  # by outcome: the texts that follow the calls
    checked: dict[str, Any] | None = None  # of Preflight
    first_rows: dict[str, Any] | None = None  # of ListFacts, of a list that cannot be read as it was chosen …
    problem: str = ""  # … and why, a kept sentence
    list_sha256: str = ""  # of the list that was checked


class Uploads:
    """The folder of uploads, ``data_dir/uploads``."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes  # of one file

    def new(self, person_id: int, account_id: int, now: int) -> Pending:
        """Begin an upload (and remove those that are too old)."""
        self.expire(now)
        pending = Pending(secrets.token_urlsafe(24), person_id, account_id, now)
        with _disk():
            self._path(pending.token).mkdir(mode=0o700, parents=True)
        self.write(pending)
        return pending

    def read(self, token: str, person_id: int, now: int) -> Pending:
        """The upload of that name; NotFound when it is not there, too old, or another person's."""
        missing = NotFound("This upload is not there any more; choose the files again.")
        if not _TOKEN.fullmatch(token):
            raise missing
        try:
            path = self._path(token) / _META
            changed_at = int(path.stat().st_mtime * 1000)
            pending = Pending(**json.loads(path.read_text("utf-8")))
        except (OSError, TypeError) as error:  # TypeError: one of an earlier release
            raise missing from error
        if pending.person_id != person_id or now - changed_at > MAX_AGE_MS:
            raise missing
        return pending

    def write(self, pending: Pending) -> None:
        """Keep what has changed."""
        with _disk(), whole_file(self._path(pending.token) / _META) as file:
            file.write(json.dumps(asdict(pending), ensure_ascii=False).encode())

    def save(self, pending: Pending, kind: str, name: str, stream: BinaryIO) -> Path:
        """Keep a file of an upload, `kind` is ``list`` or ``sound``; BadInput when it is too large."""
        path = self._path(pending.token) / {"list": _LIST, "sound": _SOUND}[kind]
        size = 0
        with _disk(), whole_file(path) as file:
            while block := stream.read(_BLOCK):
                size += len(block)
                if size > self.max_bytes:
                    raise BadInput(
                        "%(file)s is larger than %(n)s MB.", file=name, n=self.max_bytes // 1000000
                    )
                file.write(block)
        return path

    def write_list(self, pending: Pending, work: Callable[[BinaryIO], T]) -> T:
        """Let an upload have a list that `work` writes; what it returns."""
        with _disk(), whole_file(self._path(pending.token) / _LIST) as file:
            return work(file)

    def take_list(self, pending: Pending, source: Path) -> None:
        """Let an upload have a file that is here already; it is not copied where the disk permits."""
        target = self._path(pending.token) / _LIST
        made = target.with_name(f".{_LIST}.{secrets.token_hex(8)}")
        with _disk():
            try:
                os.link(source, made)
            except OSError:
                shutil.copyfile(source, made)
            made.replace(target)

    def list_path(self, pending: Pending) -> Path:
        return self._path(pending.token) / _LIST

    @contextmanager
    def pinned_list(self, pending: Pending) -> Iterator[tuple[Path, str]]:
        """The list as it is now, under a name of its own, and its SHA-256: another one in its place changes neither."""
        path = self._path(pending.token)
        pinned = path / f".{_LIST}.{secrets.token_hex(8)}"
        with _disk():
            os.link(path / _LIST, pinned)
        try:
            yield pinned, sha256_of(pinned)
        finally:
            pinned.unlink(missing_ok=True)

    def taken_list(self, token: str) -> Path:
        """Where the list of an upload lies after `take` gave it this token."""
        return self._path(token) / _LIST

    def begun_again(self, token: str) -> int:
        """Note that a taken list is read from where it was cut; how often that was since it last went on."""
        path = self._path(token) / _TRIES
        with _disk():
            number = (path.stat().st_size if path.exists() else 0) + 1
            path.write_bytes(b"." * number)
        return number

    def has_gone_on(self, token: str) -> None:
        """A part of a taken list came in."""
        with _disk():
            (self._path(token) / _TRIES).unlink(missing_ok=True)

    def take(self, pending: Pending) -> None:
        """Claim an upload for good, so that confirming twice makes one campaign; NotFound for the second."""
        path = self._path(pending.token)
        try:
            path.rename(path.with_name(pending.token + TAKEN))
        except OSError as error:
            raise NotFound("This upload was confirmed already.") from error
        pending.token += TAKEN

    def release(self, pending: Pending) -> None:
        """Undo `take` after a failure."""
        path = self._path(pending.token)
        pending.token = pending.token.removesuffix(TAKEN)
        path.rename(self._path(pending.token))

    def discard(self, token: str) -> None:
        """Remove an upload and its files."""
        shutil.rmtree(self._path(token), ignore_errors=True)

    def expire(self, now: int) -> int:
        """Remove uploads that nobody has changed for long; how many."""
        removed = 0
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            try:
                age = now - int(path.stat().st_mtime * 1000)
            except FileNotFoundError:
                continue
            if age > MAX_AGE_MS:
                shutil.rmtree(path, ignore_errors=True)
                removed += 1
        if removed:
            log.info("action=uploads_expired count=%d", removed)
        return removed

    def _path(self, token: str) -> Path:
        return self.folder / token


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file; some 0.2 s for 200 MB, so not where calls are dialled.  StoreUnavailable if it is gone."""
    with _disk(), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreUnavailable("The disk is full: the upload was not kept.") from error
        raise StoreUnavailable(
            "The upload cannot be kept: %(why)s.", why=os.strerror(error.errno or 0)
        ) from error
