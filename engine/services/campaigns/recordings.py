"""Recordings of callees: which calls have one, where its file is, and how long files are kept.

A switch writes ``UUID.wav``, named by the attempt's uuid; a path is made of that alone.  Functions that
read the store run inside a connection; those about files need none.
"""

from __future__ import annotations

import logging
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from engine.errors import FileGone, NotFound
from engine.services.accounts import audit_log
from engine.store.sql import execute
from engine.store.tables.core import Attempt

log = logging.getLogger(__name__)

DAY_MS = 86_400_000
LISTENING_MS = (
    600_000  # a browser fetches one sound in many pieces: within this time it is one act of listening
)
NEVER = 2**62

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_FILE = re.compile(rf"{_UUID}\.wav")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A call that was recorded."""

    attempt_id: int
    uuid: str
    number: str
    line: int
    answered_at: int
    record_ms: int


def of_campaign(campaign_id: int, before_id: int | None = None, limit: int = 50) -> list[Recorded]:
    """Recorded calls of a campaign, newest first: those older than the attempt `before_id`."""
    rows = execute(
        "SELECT a.id, a.uuid, r.number, r.line, a.answered_at, a.record_ms FROM attempt a"
        " JOIN recipient r ON r.id = a.recipient_id"
        " WHERE a.campaign_id = ? AND a.record_ms > 0 AND a.id < ? ORDER BY a.id DESC LIMIT ?",
        [campaign_id, before_id or NEVER, limit],
    )
    return [Recorded(int(row[0]), row[1], row[2], int(row[3]), row[4], int(row[5])) for row in rows]


def total(campaign_id: int) -> tuple[int, int]:
    """How many calls of a campaign were recorded, and how long all of it is (ms)."""
    found = execute(
        "SELECT COUNT(*), COALESCE(SUM(record_ms), 0) FROM attempt WHERE campaign_id = ? AND record_ms > 0",
        [campaign_id],
    )
    return int(found[0][0]), int(found[0][1])


def get(campaign_id: int, attempt_id: int) -> Attempt:
    """A recorded call of a campaign; NotFound otherwise."""
    row = Attempt.get_or_none(
        Attempt.id == attempt_id, Attempt.campaign_id == campaign_id, Attempt.record_ms > 0
    )
    if row is None:
        raise NotFound("Campaign %(id)s has no recording %(attempt)s.", id=campaign_id, attempt=attempt_id)
    return row


def path_of(folder: Path, uuid: str) -> Path:
    """Where the recording of an attempt is; NotFound for a uuid that is none."""
    name = f"{uuid}.wav"
    if not _FILE.fullmatch(name):
        raise NotFound("There is no such recording.")
    return folder / name


def is_there(folder: Path, uuid: str) -> bool:
    """Whether the file is in the folder, a plain file and no link to elsewhere."""
    try:
        return stat.S_ISREG(os.lstat(path_of(folder, uuid)).st_mode)
    except (OSError, NotFound):
        return False


def sound(folder: Path, row: Attempt, days: int, now: int) -> Path:
    """The file of a recorded call; FileGone says whether its time is over or it never came here."""
    if is_there(folder, row.uuid):
        return path_of(folder, row.uuid)
    if now - (row.ended_at or now) >= days * DAY_MS:
        raise FileGone(
            "The recording of call %(id)s was deleted: recordings are kept for %(days)s days.",
            id=row.id,
            days=days,
        )
    raise FileGone("The recording of call %(id)s is not in the folder of recordings.", id=row.id)


def note_listening(person_id: int, account_id: int, campaign_id: int, attempt_id: int, now: int) -> None:
    """In a transaction: what staff listen to is in the audit log, once for the pieces that a browser asks for."""
    subject = f"recording {campaign_id}/{attempt_id}"
    if not audit_log.acted_since(person_id, "recording.listen", subject, now - LISTENING_MS):
        audit_log.by_staff(person_id, account_id, "recording.listen", subject, now)


def sweep(folder: Path, days: int, now: int) -> int:
    """Delete recordings older than `days`; how many.

    Only plain files named UUID.wav: what else lies in the folder, a link too, is not ours to delete.
    """
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:
        return 0  # nothing has been recorded yet
    oldest_s = (now - days * DAY_MS) / 1000
    deleted = 0
    with entries:
        for entry in entries:
            if not _FILE.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
                continue
            try:
                if entry.stat(follow_symlinks=False).st_mtime < oldest_s:
                    os.unlink(entry.path)
                    deleted += 1
            except FileNotFoundError:
                continue  # somebody else deleted it
            except OSError as error:
                log.error("action=recording_kept file=%s error=%s", entry.name, error.strerror)
    if deleted:
        log.info("action=recordings_deleted files=%d days=%d", deleted, days)
    return deleted
