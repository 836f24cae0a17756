"""The notice of an outage within two hours: drafted at detection, staff called, published automatically if needed.

`watch` is a job.  Everything in it happens once (unique rows), however often it runs and wherever it was killed.
The two hours count from the beginning of the outage, not from its detection; both times are stored and reported.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from engine.sentences import Duration, Instant, Sentence, kept
from engine.services.notices import notices, special_wishes
from engine.services.outbox import deliveries
from engine.services.outbox.wording import bilingual
from engine.services.sla import agreements
from engine.states import NoticeState
from engine.store.tables.sla import OutageRecord
from engine.store.tables.support import Delivery, Notice, NoticeAudience, NoticeStep

log = logging.getLogger(__name__)

# It is published automatically when this share of the time is left: 15 of 120 minutes.
LAST_SHARE = 8
# When staff are called, in seconds after the detection, while nobody has published it.
CALLS_AT_S = (0, 1800, 3600, 5400)
# Customers with special wishes wait no longer than this for the notice.
SPECIAL_AFTER_MS = 15 * 60_000
LINGERS_MS = 24 * 3_600_000  # how long it stays on the first page after the outage
LOOK_BACK_MS = 48 * 3_600_000


@dataclass(frozen=True, slots=True)
class _Times:
    """The times that only the notice of an outage has."""

    outage_id: int
    began_at: int
    detected_at: int
    due_at: int
    publishes_at: int


@dataclass(frozen=True, slots=True)
class Measured:
    """How long the notice of an outage took."""

    took_s: int | None  # from the beginning to the publication
    in_time: bool | None  # None: not published, but there is still time


def watch(now: int) -> None:
    """One run of the job, inside a transaction.

    1. Draft a notice for each new outage.  2. Call staff and remind them.  3. Fulfil special wishes.  4. Publish what
    is due.  5. Announce the end of outages, and discard drafts whose outage was a false alarm.
    """
    for outage in _without_notice(now):
        _draft(outage, now)
    told_over = NoticeStep.select(NoticeStep.notice_id).where(NoticeStep.step == "over")
    rows = Notice.select().where(
        Notice.kind == notices.OUTAGE, Notice.state != NoticeState.WITHDRAWN, Notice.id.not_in(told_over)
    )
    for row in list(rows):
        outage = OutageRecord.get_by_id(row.outage_id)
        if row.state == NoticeState.DRAFT:
            if outage.is_void:
                notices.withdraw(None, row.id, kept("it was no outage"), now)
                continue
            _call_staff(row, now)
        if row.state == NoticeState.DRAFT and now >= _times(row).publishes_at:
            notices.publish(None, row.id, now)
            row.state = NoticeState.PUBLISHED
            log.warning("action=outage_notice_by_itself notice=%d outage=%d", row.id, outage.id)
        if row.state == NoticeState.PUBLISHED:
            deliveries.drop(_calls(row), kept("the notice has been published"), now)
        is_over = outage.end_at is not None
        if not outage.is_void:
            crisis = not is_over and now - _times(row).detected_at >= SPECIAL_AFTER_MS
            if crisis or row.state == NoticeState.PUBLISHED:
                _special(row, now)
        if is_over and row.state == NoticeState.PUBLISHED:
            _over(row, outage, now)


def of_outage(outage_id: int, now: int) -> Measured | None:
    """How long the notice of one outage took; None without a notice."""
    row = Notice.get_or_none(Notice.outage_id == outage_id)
    return None if row is None else _measure(row, now)


def steps(notice_id: int) -> list[NoticeStep]:
    """The steps that were taken about a notice, in order."""
    return list(NoticeStep.select().where(NoticeStep.notice_id == notice_id).order_by(NoticeStep.at))


def _measure(row: Notice, now: int) -> Measured:
    at, times = row.published_at, _times(row)
    took_s = None if at is None else (at - times.began_at) // 1000
    in_time = at < times.due_at if at is not None else (None if now < times.due_at else False)
    return Measured(took_s, in_time)


def _times(row: Notice) -> _Times:
    values = (row.outage_id, row.began_at, row.detected_at, row.due_at, row.publishes_at)
    return _Times(*(int(value or 0) for value in values))


def _without_notice(now: int) -> list[OutageRecord]:
    """Outages that need a notice: not those that staff entered long after they were over."""
    known = Notice.select(Notice.outage_id).where(Notice.outage_id.is_null(False))
    rows = OutageRecord.select().where(
        ~OutageRecord.is_void,
        OutageRecord.source.in_(["monitor", "staff"]),
        OutageRecord.created_at > now - LOOK_BACK_MS,
        OutageRecord.id.not_in(known),
    )
    return [
        row for row in rows if row.end_at is None or row.created_at - row.end_at < _limit_ms(row.start_at)
    ]


def _limit_ms(began_at: int) -> int:
    return agreements.in_force(began_at).limits["outage_notice_s"] * 1000


def _draft(outage: OutageRecord, now: int) -> None:
    limit_ms = _limit_ms(outage.start_at)
    title = bilingual(Sentence("Service disruption"))
    text = bilingual(
        Sentence("The service has been down since %(at)s (Tehran). We are working on it."),
        at=Instant(outage.start_at),
    )
    added = Notice.insert(
        kind=notices.OUTAGE,
        is_for_all=outage.account_id is None,
        title_fa=title["fa"],
        title_en=title["en"],
        text_fa=text["fa"],
        text_en=text["en"],
        created_at=now,
        outage_id=outage.id,
        began_at=outage.start_at,
        detected_at=outage.created_at,
        due_at=outage.start_at + limit_ms,
        publishes_at=outage.start_at + limit_ms - limit_ms // LAST_SHARE,
    )
    if not added.on_conflict_ignore().as_rowcount().execute():
        return  # another engine wrote it at the same moment
    row = Notice.get(Notice.outage_id == outage.id)
    if outage.account_id is not None:
        NoticeAudience.create(notice_id=row.id, account_id=outage.account_id)
    log.warning("action=outage_notice_drafted notice=%d outage=%d", row.id, outage.id)


def _call_staff(row: Notice, now: int) -> None:
    """Make the newest call that is due; older ones that were missed are skipped."""
    times = _times(row)
    due = [after_s for after_s in CALLS_AT_S if times.detected_at + after_s * 1000 <= now]
    if not due or now >= times.publishes_at or not _first(row.id, f"call_{due[-1]}", now):
        return
    deliveries.drop(_calls(row), kept("replaced by a later reminder"), now)
    left_s = (times.publishes_at - now) // 60_000 * 60
    told = deliveries.to_staff(
        "incidents",
        f"{_calls(row)}{due[-1]}",
        subject=bilingual(Sentence("Avanak is down")),
        text=bilingual(
            Sentence(
                "Avanak is down. Its notice is drafted: publish it. Otherwise it is published automatically in %(left)s."
            ),
            left=Duration(left_s),
        ),
        now=now,
        is_urgent=True,
        notice_id=int(row.id),
    )
    if not told:
        log.error("action=nobody_to_call notice=%d reason=%r", row.id, "no address of staff is for incidents")


def _calls(row: Notice) -> str:
    """The prefix of the keys of staff calls about a draft."""
    return f"outage/{row.outage_id}/call/"


def _special(row: Notice, now: int) -> None:
    account_ids = None if row.is_for_all else notices.audience(row.id)
    fresh = notices.get(row.id)
    special_wishes.tell(
        f"outage/{row.outage_id}",
        int(row.id),
        account_ids,
        {"fa": fresh.title_fa, "en": fresh.title_en},
        {"fa": fresh.text_fa or fresh.title_fa, "en": fresh.text_en or fresh.title_en},
        now,
    )


def _over(row: Notice, outage: OutageRecord, now: int) -> None:
    """Announce once, on the notice and to customers with special wishes, that the outage is over."""
    if not _first(row.id, "over", now):
        return
    text = bilingual(
        Sentence("The service has been available again since %(at)s (Tehran)."),
        at=Instant(int(outage.end_at or now)),
    )
    notices.add_update(None, row.id, text["fa"], text["en"], now, key=f"outage/{outage.id}/over")
    Notice.update(ends_at=now + LINGERS_MS).where(Notice.id == row.id).execute()
    known = Delivery.select().where(Delivery.key.startswith("special/"), Delivery.notice_id == row.id)
    for told in list(known):
        deliveries.enqueue(
            f"{told.key}/over",
            deliveries.Addressee(told.channel, told.address, told.language),
            told.subject,
            deliveries.pick(text, told.language),
            now,
            account_id=told.account_id,
            notice_id=row.id,
            ticket_id=told.ticket_id,
        )


def _first(notice_id: int, step: str, now: int) -> bool:
    """Record a step; whether it was taken for the first time."""
    added = (
        NoticeStep.insert(notice_id=notice_id, step=step, at=now).on_conflict_ignore().as_rowcount().execute()
    )
    return bool(added)
