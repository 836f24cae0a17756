"""Outages: found by the monitor, entered and corrected by staff, reported by customers.

An outage is never edited: a correction is a further revision with who, why and
when; the row of the outage carries the newest one.
"""

from __future__ import annotations

import logging
from typing import Any

from engine.errors import BadInput, Conflict, NotFound
from engine.sentences import Instant, Sentence, kept, sentence_of
from engine.services.sla import authorisation
from engine.services.sla.flips import SERVICE, Health
from engine.store import webhook_events
from engine.store.paging import page_of
from engine.store.tables.core import Account
from engine.store.tables.sla import OutageRecord, OutageReport, OutageRevision, UnknownTime

log = logging.getLogger(__name__)

WAYS = ("ticket", "telephone")
MAX_AGE_MS = 400 * 86_400_000  # of an outage that staff enter: a wrong year would open months of nothing
_KEEP: Any = object()


def follow_service(old: Health, new: Health, reason: str, at: int) -> None:
    """Book a change of the service's state: end the running outage or unknown time, begin the new one."""
    if old is Health.DOWN:
        running = running_outage()
        if running is not None:
            _revise(
                running,
                None,
                kept("%(what)s: %(why)s", what=new, why=sentence_of(reason))
                if reason
                else kept("%(what)s", what=new),
                at,
                end_at=max(at, running.start_at),
            )
    if old is Health.UNKNOWN:
        UnknownTime.update(end_at=at).where(UnknownTime.end_at.is_null()).execute()
    if new is Health.DOWN:
        _create(None, at, None, reason, None, at, "monitor", SERVICE)
    if new is Health.UNKNOWN:
        UnknownTime.create(start_at=at, reason=reason)


def running_outage() -> OutageRecord | None:
    """The outage that the monitor sees now."""
    found: OutageRecord | None = OutageRecord.get_or_none(
        OutageRecord.end_at.is_null(),
        OutageRecord.source == "monitor",
        OutageRecord.component == SERVICE,
        ~OutageRecord.is_void,
    )
    return found


def enter(
    author_id: int,
    start_at: int,
    end_at: int | None,
    reason: str,
    now: int,
    account_id: int | None = None,
    component: str = SERVICE,
) -> int:
    """Staff enter an outage (for one account, or everybody); its id.

    `end_at` None: it still runs.  BadInput if it ends before it begins or lies
    in the future; NotFound without that account; NotAllowed for others.
    """
    authorisation.require_staff(author_id, authorisation.RECORD_ROLES)
    reason = authorisation.reason_of(reason, Sentence("The outage"))
    _check_span(start_at, end_at, now)
    if account_id is not None and not Account.select().where(Account.id == account_id).exists():
        raise NotFound("There is no account %(id)s.", id=account_id)
    outage_id = _create(account_id, start_at, end_at, reason, author_id, now, "staff", component)
    authorisation.note(
        author_id, "outage_entered", f"outage {outage_id}", now, after=reason, account_id=account_id
    )
    return outage_id


def enter_resolved(author_id: int, start_at: int, end_at: int, reason: str, now: int) -> int:
    """An unknown time turned out to have been down; the outage's id (see `unknown.resolve`)."""
    return _create(None, start_at, end_at, reason, author_id, now, "unknown", SERVICE)


def correct(
    outage_id: int,
    author_id: int,
    reason: str,
    now: int,
    *,
    start_at: int = _KEEP,
    end_at: int | None = _KEEP,
    is_void: bool = _KEEP,
    revision: int | None = None,
) -> int:
    """Staff correct an outage by a further revision; the revision's number.

    Fields that are not given stay as they are.  `revision` is the one that the person saw:
    Conflict if there is a newer one.  BadInput if nothing would change.
    """
    authorisation.require_staff(author_id, authorisation.RECORD_ROLES)
    reason = authorisation.reason_of(reason, Sentence("The correction"))
    row = get(outage_id)
    if revision is not None and revision != row.revision:
        raise Conflict(
            "Outage %(id)s was corrected meanwhile (revision %(n)s); look again.",
            id=outage_id,
            n=row.revision,
        )
    values: dict[str, Any] = {
        "start_at": row.start_at if start_at is _KEEP else start_at,
        "end_at": row.end_at if end_at is _KEEP else end_at,
        "is_void": row.is_void if is_void is _KEEP else is_void,
    }
    if all(getattr(row, name) == value for name, value in values.items()):
        raise BadInput("The correction of outage %(id)s changes nothing.", id=outage_id)
    _check_span(values["start_at"], values["end_at"], now)
    before = _told(row)
    number = _revise(row, author_id, reason, now, **values)
    authorisation.note(
        author_id,
        "outage_corrected",
        f"outage {outage_id}",
        now,
        before=before,
        after={**_told(get(outage_id)), "reason": reason},
        account_id=row.account_id,
    )
    return number


def get(outage_id: int) -> OutageRecord:
    """An outage as it stands; NotFound if there is none."""
    row: OutageRecord | None = OutageRecord.get_or_none(OutageRecord.id == outage_id)
    if row is None:
        raise NotFound("There is no outage %(id)s.", id=outage_id)
    return row


def history(outage_id: int) -> list[OutageRevision]:
    """All revisions of an outage, the first first."""
    return list(
        OutageRevision.select().where(OutageRevision.outage_id == outage_id).order_by(OutageRevision.revision)
    )


def authors(outage_ids: list[int]) -> set[int]:
    """The people who wrote or corrected these outages."""
    rows = OutageRevision.select(OutageRevision.author_id).where(
        OutageRevision.outage_id.in_(outage_ids), OutageRevision.author_id.is_null(False)
    )
    return {int(row.author_id) for row in rows if row.author_id is not None}


def between(start_at: int, end_at: int, account_id: int | None = None) -> list[OutageRecord]:
    """Outages that touch a span: everybody's, and with `account_id` that account's; void ones left out."""
    concerns = OutageRecord.account_id.is_null()
    if account_id is not None:
        concerns = concerns | (OutageRecord.account_id == account_id)
    return list(
        OutageRecord.select()
        .where(
            concerns,
            ~OutageRecord.is_void,
            OutageRecord.start_at < end_at,
            OutageRecord.end_at.is_null() | (OutageRecord.end_at > start_at),
        )
        .order_by(OutageRecord.start_at, OutageRecord.id)
    )


# -- what customers say -------------------------------------------------------------------


def report(
    account_id: int,
    happened_at: int,
    way: str,
    text: str,
    now: int,
    author_id: int | None = None,
    ticket_id: int | None = None,
) -> int:
    """A customer says that the service is or was down; the report's id."""
    if way not in WAYS:
        raise BadInput(
            "An outage is reported by one of %(known)s, not by '%(way)s'.", known=list(WAYS), way=way
        )
    text = authorisation.reason_of(text, Sentence("The report"))
    if happened_at > now:
        raise BadInput("An outage cannot be reported before it happens.")
    if not Account.select().where(Account.id == account_id).exists():
        raise NotFound("There is no account %(id)s.", id=account_id)
    row = OutageReport.create(
        account_id=account_id,
        happened_at=happened_at,
        reported_at=now,
        way=way,
        text=text,
        ticket_id=ticket_id,
        author_id=author_id,
    )
    log.info("action=outage_reported report=%d account=%d way=%s", row.id, account_id, way)
    return int(row.id)


def answer_report(
    report_id: int, author_id: int, answer: str, now: int, outage_id: int | None = None
) -> None:
    """Staff link a report to an outage, or (without one) dismiss it with the reason; Conflict if it was answered."""
    authorisation.require_staff(author_id, authorisation.RECORD_ROLES)
    answer = authorisation.reason_of(answer, Sentence("The answer to the report"))
    if outage_id is not None:
        get(outage_id)
    state = "dismissed" if outage_id is None else "linked"
    changed = (
        OutageReport.update(
            state=state,
            outage_id=outage_id,
            answer=answer,
            answered_by=author_id,
            answered_at=now,
        )
        .where(OutageReport.id == report_id, OutageReport.state == "open")
        .execute()
    )
    if not changed:
        raise Conflict("There is no open report %(id)s.", id=report_id)
    told = {"state": state, "outage": outage_id, "answer": answer}
    authorisation.note(author_id, "report_answered", f"report {report_id}", now, after=told)


def reports_of(account_id: int, limit: int = 50) -> list[OutageReport]:
    """What an account reported, the newest first."""
    query = OutageReport.select().where(OutageReport.account_id == account_id)
    return list(query.order_by(OutageReport.id.desc()).limit(limit))


def open_reports() -> list[OutageReport]:
    """Reports that nobody has answered, the oldest first."""
    return list(OutageReport.select().where(OutageReport.state == "open").order_by(OutageReport.id))


# -- rows ---------------------------------------------------------------------------------


def _create(
    account_id: int | None,
    start_at: int,
    end_at: int | None,
    reason: str,
    author_id: int | None,
    now: int,
    source: str,
    component: str,
) -> int:
    row = OutageRecord.create(
        account_id=account_id,
        source=source,
        component=component,
        start_at=start_at,
        end_at=end_at,
        reason=reason,
        created_at=now,
    )
    OutageRevision.create(
        outage_id=row.id,
        revision=1,
        start_at=start_at,
        end_at=end_at,
        reason=reason,
        author_id=author_id,
        at=now,
    )
    _tell(row, now)
    log.warning("action=outage_begins outage=%d source=%s reason=%r", row.id, source, reason)
    return int(row.id)


def _revise(row: OutageRecord, author_id: int | None, reason: str, now: int, **values: Any) -> int:
    number = int(row.revision) + 1
    whole = {"start_at": row.start_at, "end_at": row.end_at, "is_void": row.is_void, **values}
    changed = (
        OutageRecord.update(revision=number, **whole)
        .where(OutageRecord.id == row.id, OutageRecord.revision == row.revision)
        .execute()
    )
    if not changed:
        raise Conflict(
            "Outage %(id)s was corrected by somebody else at the same time; look again.", id=row.id
        )
    OutageRevision.create(
        outage_id=row.id, revision=number, reason=reason, author_id=author_id, at=now, **whole
    )
    _tell(OutageRecord.get_by_id(row.id), now)
    log.info("action=outage_revised outage=%d revision=%d person=%s", row.id, number, author_id)
    return number


def _check_span(start_at: int, end_at: int | None, now: int) -> None:
    if start_at > now or (end_at is not None and end_at > now):
        raise BadInput("An outage that has not happened yet cannot be entered.")
    if start_at < now - MAX_AGE_MS:
        raise BadInput("An outage of more than 400 days ago cannot be entered: check the year.")
    if end_at is not None and end_at <= start_at:
        raise BadInput(
            "The outage ends at %(ends)s, not after it begins at %(begins)s.",
            ends=Instant(end_at),
            begins=Instant(start_at),
        )


def _told(row: OutageRecord) -> dict[str, Any]:
    return {"start_at": row.start_at, "end_at": row.end_at, "is_void": row.is_void}


def page(before: int | None, limit: int) -> list[OutageRecord]:
    """Outages, the newest first."""
    return page_of(OutageRecord.select(), OutageRecord.id, from_id=before, is_queue=False, limit=limit)


def get_report(report_id: int) -> OutageReport:
    """What a customer reported; NotFound otherwise."""
    row: OutageReport | None = OutageReport.get_or_none(OutageReport.id == report_id)
    if row is None:
        raise NotFound("There is no report %(report)s.", report=report_id)
    return row


def _tell(row: OutageRecord, now: int) -> None:
    """Web hooks are told of an outage and of each change: the account's, or everybody's."""
    data = {
        "outage_id": int(row.id),
        "component": row.component,
        "start_at": row.start_at,
        "end_at": row.end_at,
        "is_void": bool(row.is_void),
    }
    if row.account_id is None:
        webhook_events.everybody(webhook_events.OUTAGE, f"outage/{row.id}", data, now)
    else:
        happened = webhook_events.Happened(row.account_id, webhook_events.OUTAGE, f"outage/{row.id}", data)
        webhook_events.note([happened], now)
