"""Requests of customers for higher caps, and the answers of staff.  Functions run inside a transaction."""

from __future__ import annotations

from engine.errors import BadInput, Conflict, NotFound
from engine.services.accounts import audit_log
from engine.services.compliance import traffic_caps
from engine.store.tables.campaigns import CapRequest

OPEN, GRANTED, REFUSED = "open", "granted", "refused"
LONGEST_NOTE = 500


def ask(account_id: int, person_id: int, campaign_id: int | None, note: str, now: int) -> int:
    """Request higher caps and return the request's id.  While one is open, return that one."""
    known = open_of(account_id)
    if known is not None:
        return int(known.id)
    row = CapRequest.create(
        account_id=account_id,
        campaign_id=campaign_id,
        person_id=person_id,
        note=note.strip()[:LONGEST_NOTE],
        asked_at=now,
    )
    audit_log.record(person_id, account_id, "caps.ask", f"account {account_id}", now)
    return int(row.id)


def open_of(account_id: int) -> CapRequest | None:
    """The open request of an account, or None."""
    found: CapRequest | None = CapRequest.get_or_none(
        CapRequest.account_id == account_id, CapRequest.state == OPEN
    )
    return found


def last_of(account_id: int) -> CapRequest | None:
    """The newest request of an account, answered or not; None without any."""
    found: CapRequest | None = (
        CapRequest.select()
        .where(CapRequest.account_id == account_id)
        .order_by(CapRequest.id.desc())
        .get_or_none()
    )
    return found


def waiting(limit: int = 200) -> list[CapRequest]:
    """Requests that wait for staff, oldest first."""
    return list(CapRequest.select().where(CapRequest.state == OPEN).order_by(CapRequest.id).limit(limit))


def count_waiting() -> int:
    """How many requests wait for staff."""
    return int(CapRequest.select().where(CapRequest.state == OPEN).count())


def grant(
    request_id: int, calls_an_hour: int | None, rials_a_day: int | None, person_id: int | None, now: int
) -> None:
    """Give the account these caps.  Campaigns that the old caps paused resume by themselves."""
    row = _open(request_id)
    if calls_an_hour is None and rials_a_day is None:
        raise BadInput("Say how many calls an hour, or how many Rials a day, the account may have.")
    own = traffic_caps.own_caps_of(row.account_id)
    if own is not None:  # what was not requested stays
        calls_an_hour = own.calls_an_hour if calls_an_hour is None else calls_an_hour
        rials_a_day = own.rials_a_day if rials_a_day is None else rials_a_day
    traffic_caps.set_caps(row.account_id, calls_an_hour, rials_a_day, now, person_id)
    _answer(row, GRANTED, "", person_id, now)


def refuse(request_id: int, reason: str, person_id: int | None, now: int) -> None:
    """Decline a request, with a reason that the customer reads."""
    row = _open(request_id)
    if not reason.strip():
        raise BadInput("Say why; the customer reads it.")
    _answer(row, REFUSED, reason.strip()[:LONGEST_NOTE], person_id, now)
    audit_log.record(person_id, row.account_id, "caps.refuse", f"account {row.account_id}", now, after=reason)


def _open(request_id: int) -> CapRequest:
    row: CapRequest | None = CapRequest.get_or_none(CapRequest.id == request_id)
    if row is None:
        raise NotFound("There is no request %(id)s.", id=request_id)
    if row.state != OPEN:
        raise Conflict("The request was answered already.")
    return row


def _answer(row: CapRequest, state: str, answer: str, person_id: int | None, now: int) -> None:
    changed = (
        CapRequest.update(state=state, answer=answer, answered_by=person_id, answered_at=now)
        .where(CapRequest.id == row.id, CapRequest.state == OPEN)
        .execute()
    )
    if not changed:
        raise Conflict("The request was answered already.")
