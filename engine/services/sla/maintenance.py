"""Planned maintenance: planned, announced, and done or cancelled.

Announcing writes the exclusion.  The time of the announcement cannot be chosen: it is
now, and the 48 hours are measured from it.  A window that changes is a new announcement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.agreement.terms import ExclusionKind
from engine.errors import BadInput, Conflict, NotFound
from engine.sentences import Sentence
from engine.services.sla import agreements, authorisation, exclusions
from engine.store.tables.sla import Maintenance


@dataclass(frozen=True, slots=True)
class Text:
    """What customers are told."""

    title_fa: str
    title_en: str = ""
    text_fa: str = ""
    text_en: str = ""


def plan(author_id: int, start_at: int, end_at: int, text: Text, now: int) -> int:
    """Staff plan a window; its id.  Nobody is told yet, and nothing is excluded."""
    authorisation.require_staff(author_id, authorisation.RECORD_ROLES)
    if end_at <= start_at:
        raise BadInput("Maintenance ends after it begins.")
    if start_at <= now:
        raise BadInput("Maintenance is planned before it begins.")
    if not text.title_fa.strip():
        raise BadInput("Maintenance needs a title.")
    row = Maintenance.create(
        title_fa=text.title_fa.strip()[:200],
        title_en=text.title_en.strip()[:200],
        text_fa=text.text_fa.strip(),
        text_en=text.text_en.strip(),
        start_at=start_at,
        end_at=end_at,
        author_id=author_id,
        created_at=now,
    )
    authorisation.note(author_id, "maintenance_planned", f"maintenance {row.id}", now, after=_window(row))
    return int(row.id)


def announce(maintenance_id: int, author_id: int, now: int) -> str:
    """Announce a planned window; a sentence that says whether its downtime will count.

    The caller publishes the notice in the same transaction.  Conflict if it was
    announced or cancelled before.
    """
    authorisation.require_staff(author_id, authorisation.RECORD_ROLES)
    row = get(maintenance_id)
    if row.announced_at is not None or row.cancelled_at is not None:
        raise Conflict("Maintenance %(id)s was announced or cancelled before.", id=maintenance_id)
    exclusion_id = exclusions.add(
        author_id,
        ExclusionKind.PLANNED_MAINTENANCE,
        row.start_at,
        row.end_at,
        row.title_fa,
        now,
        announced_at=now,
    )
    Maintenance.update(announced_at=now, exclusion_id=exclusion_id).where(
        Maintenance.id == maintenance_id
    ).execute()
    authorisation.note(
        author_id, "maintenance_announced", f"maintenance {maintenance_id}", now, after=_window(row)
    )
    accepted, why, _ = exclusions.judged(exclusions.get(exclusion_id))
    return f"{why[0].upper()}{why[1:]}: its downtime {'does not count' if accepted else 'counts'}."


def cancel(maintenance_id: int, author_id: int, reason: str, now: int) -> None:
    """Cancel a window; an announced one's exclusion is withdrawn with it."""
    authorisation.require_staff(author_id, authorisation.RECORD_ROLES)
    reason = authorisation.reason_of(reason, Sentence("The cancellation"))
    row = get(maintenance_id)
    if row.cancelled_at is not None:
        raise Conflict("Maintenance %(id)s was cancelled before.", id=maintenance_id)
    Maintenance.update(cancelled_at=now).where(Maintenance.id == maintenance_id).execute()
    if row.exclusion_id is not None:
        exclusions.withdraw(row.exclusion_id, author_id, reason, now)
    authorisation.note(author_id, "maintenance_cancelled", f"maintenance {maintenance_id}", now, after=reason)


def get(maintenance_id: int) -> Maintenance:
    """A window; NotFound if there is none."""
    row: Maintenance | None = Maintenance.get_or_none(Maintenance.id == maintenance_id)
    if row is None:
        raise NotFound("There is no maintenance %(id)s.", id=maintenance_id)
    return row


def upcoming(now: int) -> list[Maintenance]:
    """Windows that have not ended, the next first."""
    rows = Maintenance.select().where(Maintenance.end_at > now, Maintenance.cancelled_at.is_null())
    return list(rows.order_by(Maintenance.start_at))


def latest_announcement(start_at: int) -> int:
    """Until when a window that begins at `start_at` must be announced for its downtime not to count."""
    notice_s = agreements.in_force(start_at).limits["maintenance_notice_s"]
    return start_at - notice_s * 1000


def _window(row: Maintenance) -> dict[str, Any]:
    return {"name": row.title_fa, "start_at": row.start_at, "end_at": row.end_at}


def past(now: int, limit: int) -> list[Maintenance]:
    """Windows that are over or were cancelled, the newest first."""
    is_over = (Maintenance.end_at <= now) | Maintenance.cancelled_at.is_null(False)
    return list(Maintenance.select().where(is_over).order_by(Maintenance.start_at.desc()).limit(limit))
