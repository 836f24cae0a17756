"""Time in which no monitor watched: never booked as up or down automatically; staff say what it was, and how they
know.
"""

from __future__ import annotations

from typing import Any

from engine.agreement.intervals import Spans, clip, merge, subtract
from engine.errors import BadInput, Conflict, NotFound
from engine.sentences import Instant, Sentence, Word
from engine.services.sla import authorisation, incidents
from engine.services.sla.flips import Health
from engine.services.sla.monitor import GAP_MS, last_watched
from engine.store.tables.sla import UnknownResolution, UnknownTime


def spans(start_s: int, end_s: int, now: int) -> Spans:
    """The unresolved unknown time in ``[start_s, end_s)``; seconds.

    Time since the last monitor stopped counts too, though nobody has booked it yet.
    """
    rows = list(
        UnknownTime.select().where(
            UnknownTime.start_at < end_s * 1000,
            UnknownTime.end_at.is_null() | (UnknownTime.end_at > start_s * 1000),
        )
    )
    found = [(_s(row.start_at), _s(now if row.end_at is None else row.end_at)) for row in rows]
    last = last_watched()
    if last is not None and now - last > GAP_MS:
        found.append((_s(last), _s(now)))
    blind = clip(merge((a, b) for a, b in found if b > a), start_s, end_s)
    return subtract(blind, _resolved([row.id for row in rows]))


def open_spans() -> list[tuple[UnknownTime, Spans]]:
    """Each unknown time that has ended and is not wholly resolved, with what is left of it (seconds)."""
    left = []
    for row in UnknownTime.select().where(UnknownTime.end_at.is_null(False)).order_by(UnknownTime.start_at):
        rest = subtract(merge([(_s(row.start_at), _s(row.end_at))]), _resolved([row.id]))
        if rest:
            left.append((row, rest))
    return left


def resolve(
    unknown_id: int,
    author_id: int,
    state: str,
    reason: str,
    now: int,
    start_at: int | None = None,
    end_at: int | None = None,
) -> int:
    """Staff say that an unknown time (or its part ``[start_at, end_at)``) was up or down; the resolution's id.

    Down makes an outage.  A part is resolved once: later it is the outage that
    is corrected, or entered.  BadInput for a part outside it; Conflict if it still runs.
    """
    authorisation.require_staff(author_id, authorisation.RECORD_ROLES)
    reason = authorisation.reason_of(reason, Sentence("The resolution"))
    if state not in (Health.UP, Health.DOWN):
        raise BadInput("Unknown time is resolved as up or down, not as '%(state)s'.", state=state)
    row = get(unknown_id)
    start, end = _edges(row, start_at, end_at)
    # The row is locked until this transaction ends: of two people the second sees the first's resolution.
    UnknownTime.update(reason=row.reason).where(UnknownTime.id == unknown_id).execute()
    _check_unresolved(unknown_id, start, end)
    outage_id = None
    if state == Health.DOWN:
        outage_id = incidents.enter_resolved(author_id, start, end, reason, now)
    made = UnknownResolution.create(
        unknown_id=unknown_id,
        start_at=start,
        end_at=end,
        state=state,
        outage_id=outage_id,
        reason=reason,
        author_id=author_id,
        at=now,
    )
    authorisation.note(
        author_id, "unknown_resolved", f"unknown {unknown_id}", now, after={"state": state, "reason": reason}
    )
    return int(made.id)


def _edges(row: UnknownTime, start_at: int | None, end_at: int | None) -> tuple[int, int]:
    """The part of an unknown time that is resolved (ms).  BadInput for one outside it; Conflict while it runs."""
    if row.end_at is None:
        raise Conflict("Monitoring has not resumed: this unknown time has not ended.")
    # People and pages know its edges to the second, the rows to the millisecond.
    start = row.start_at if start_at is None or _s(start_at) == _s(row.start_at) else start_at
    end = row.end_at if end_at is None or _s(end_at) == _s(row.end_at) else end_at
    if not row.start_at <= start < end <= row.end_at:
        raise BadInput(
            "The unknown time %(id)s runs from %(begins)s to %(ends)s; a part of it must lie inside.",
            id=row.id,
            begins=Instant(row.start_at),
            ends=Instant(row.end_at),
        )
    return start, end


def _check_unresolved(unknown_id: int, start: int, end: int) -> None:
    """Raise Conflict if any of the part was resolved before."""
    clash = UnknownResolution.get_or_none(
        UnknownResolution.unknown_id == unknown_id,
        UnknownResolution.start_at < end,
        UnknownResolution.end_at > start,
    )
    if clash is not None:
        raise Conflict(
            "A part of it was resolved as %(state)s at %(at)s; correct or enter an outage instead.",
            state=Word(clash.state),
            at=Instant(clash.at),
        )


def _resolved(unknown_ids: list[int]) -> Spans:
    if not unknown_ids:
        return ()
    rows = UnknownResolution.select().where(UnknownResolution.unknown_id.in_(unknown_ids))
    return merge((_s(row.start_at), _s(row.end_at)) for row in rows)


def _s(at_ms: Any) -> int:
    return int(at_ms) // 1000


def get(unknown_id: int) -> UnknownTime:
    """An unknown time; NotFound otherwise."""
    row: UnknownTime | None = UnknownTime.get_or_none(UnknownTime.id == unknown_id)
    if row is None:
        raise NotFound("There is no unknown time %(unknown)s.", unknown=unknown_id)
    return row
