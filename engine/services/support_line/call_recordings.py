"""Recordings of answered calls: announced in the welcome, begun with the talk, kept for a set time; listening is audited."""

from __future__ import annotations

from pathlib import Path

from engine.errors import NotFound
from engine.services.accounts import audit_log
from engine.services.accounts.permissions import Actor, require
from engine.services.support_line.settings import current
from engine.store.tables.support_line import SupportCall, SupportRecording

DAY_MS = 86_400_000


def begun(uuid: str, now: int) -> None:
    """Note that a call is recorded from now on; safe to repeat."""
    call = SupportCall.get_or_none(SupportCall.uuid == uuid)
    if call is not None:
        SupportRecording.insert(uuid=uuid, call_id=call.id, begun_at=now).on_conflict_ignore().execute()


def of_call(call_id: int) -> SupportRecording | None:
    """The recording of a call that has not been removed."""
    row: SupportRecording | None = SupportRecording.get_or_none(
        SupportRecording.call_id == call_id, SupportRecording.removed_at.is_null()
    )
    return row


def path_of(folder: Path, uuid: str) -> Path:
    """The path of the sound below the folder of recordings."""
    return folder / "support" / f"call-{uuid}.wav"


def listen(person: Actor, folder: Path, call_id: int, now: int) -> Path:
    """The sound of a call for somebody who may hear it; the listening goes into the audit log.  NotFound without one."""
    require(person, "line.listen")
    row = of_call(call_id)
    if row is None or not path_of(folder, row.uuid).is_file():
        raise NotFound("Call %(id)s has no recording.", id=call_id)
    call = SupportCall.get_by_id(call_id)
    audit_log.record(person.id, call.account_id, "support_recording_heard", f"call {call_id}", now)
    return path_of(folder, row.uuid)


def sweep(folder: Path, now: int) -> int:
    """Remove expired recordings; how many.  Safe to repeat, also after an interruption."""
    before = now - current().recording_days * DAY_MS
    rows = list(
        SupportRecording.select()
        .where(SupportRecording.removed_at.is_null(), SupportRecording.begun_at < before)
        .limit(1000)
    )
    for row in rows:
        path_of(folder, row.uuid).unlink(missing_ok=True)
        SupportRecording.update(removed_at=now).where(SupportRecording.id == row.id).execute()
    return len(rows)
