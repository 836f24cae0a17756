"""Campaigns repeated every day, week or month: each time as a new campaign with all the numbers.

The next one is copied a little before its time, in parts, and waits as a scheduled campaign.  A copy that is cut
goes on as every copy does (`clone.cut`), and is scheduled when it is complete.  While the latest of them is a draft,
which nobody has started yet or whose date was taken off, its times pass without a call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

import jdatetime

from engine.clock import from_ms, to_ms
from engine.errors import AvanakError, BadInput, Conflict, NotFound
from engine.sentences import Sentence
from engine.services.accounts import audit_log
from engine.services.campaigns import campaigns, clone, why
from engine.services.campaigns.transitions import move_from
from engine.services.campaigns.uploads import Pending
from engine.services.compliance.policy import Policy
from engine.states import CampaignState
from engine.store.database import db
from engine.store.tables.campaigns import CampaignRepeat
from engine.store.tables.core import Campaign

log = logging.getLogger(__name__)

DAY, WEEK, MONTH = "day", "week", "month"
EVERY = (DAY, WEEK, MONTH)
AHEAD_MS = 15 * 60_000  # the next campaign is copied this long before its time
STOPPED_BY_PERSON = Sentence("The last of them was stopped, so it is not repeated any more.")

Write = Callable[[Callable[[], Any]], Any]


def next_after(at: int, every: str, day: int, is_jalali: bool, zone: tzinfo) -> int:
    """When what started at `at` (ms) is due again: the same time of day; `day` of the month where it has so many."""
    local = from_ms(at).astimezone(zone)
    if every != MONTH:
        then = local.date() + timedelta(days=1 if every == DAY else 7)
    else:
        shown = jdatetime.date.fromgregorian(date=local.date()) if is_jalali else local.date()
        year, month = (shown.year, shown.month + 1) if shown.month < 12 else (shown.year + 1, 1)
        kind = jdatetime.date if is_jalali else type(local.date())
        for last in range(day, 27, -1):
            try:
                found: Any = kind(year, month, last)
                break
            except ValueError:
                continue
        else:
            found = kind(year, month, min(day, 28))
        then = found.togregorian() if is_jalali else found
    return to_ms(datetime(then.year, then.month, then.day, local.hour, local.minute, tzinfo=zone))


def check(every: str, starts_at: int | None, until_at: int | None) -> None:
    """Raise BadInput for an impossible repetition."""
    if every not in EVERY:
        raise BadInput("A campaign is repeated every %(known)s.", known=list(EVERY))
    if until_at is not None and starts_at is not None and until_at <= starts_at:
        raise BadInput("It would end before it is repeated.")


def note(campaign_id: int, pending: Pending, now: int, zone: tzinfo, *, is_jalali: bool) -> None:
    """Inside a write: a campaign that was made of an upload is to be made again."""
    first = int(pending.rules.get("starts_at") or now)
    local = from_ms(first).astimezone(zone)
    day = jdatetime.date.fromgregorian(date=local.date()).day if is_jalali else local.day
    next_at = next_after(first, pending.every, day, is_jalali, zone)
    CampaignRepeat.create(
        campaign_id=campaign_id,
        account_id=pending.account_id,
        person_id=pending.person_id,
        every=pending.every,
        is_jalali=is_jalali,
        day=day,
        next_at=next_at if pending.until_at is None or next_at <= pending.until_at else None,
        until_at=pending.until_at,
        created_at=now,
    )


def of_campaign(campaign_id: int) -> CampaignRepeat | None:
    """How a campaign is made again; None: it is not, or a later one is the latest of them."""
    found: CampaignRepeat | None = CampaignRepeat.get_or_none(CampaignRepeat.campaign_id == campaign_id)
    return found


def repeated(campaign_ids: Sequence[int]) -> set[int]:
    """Which of these campaigns are to be made again."""
    query = CampaignRepeat.select(CampaignRepeat.campaign_id).where(
        CampaignRepeat.campaign_id.in_(list(campaign_ids)), CampaignRepeat.next_at.is_null(False)
    )
    return {int(row.campaign_id) for row in query}


def change(
    campaign_id: int,
    every: str,
    next_at: int,
    until_at: int | None,
    person_id: int | None,
    now: int,
    zone: tzinfo,
    account_id: int | None = None,
) -> None:
    """Inside a write: when a campaign is made again, and up to when; audited.  One that was ended is taken up again.

    Raises NotFound when it never was repeated, Conflict while the next one is being copied or when this one was stopped,
    BadInput for impossible times.
    """
    old = campaigns.get(campaign_id, account_id)
    row = _row(campaign_id)
    check(every, next_at, until_at)
    if next_at <= now:
        raise BadInput("The start must be in the future.")
    if _was_stopped(old):
        raise Conflict("Campaign %(id)s was stopped; it cannot be repeated any more.", id=campaign_id)
    if row.copying_id is not None:
        raise Conflict(
            "The numbers of campaign %(id)s are being copied by another program.", id=row.copying_id
        )
    local = from_ms(next_at).astimezone(zone).date()
    values = {
        "every": every,
        "next_at": next_at,
        "until_at": until_at,
        "day": jdatetime.date.fromgregorian(date=local).day if row.is_jalali else local.day,
        "sentence": "",
    }
    shown = ("every", "next_at", "until_at")
    before = {name: getattr(row, name) for name in shown}
    CampaignRepeat.update(**values).where(CampaignRepeat.id == row.id).execute()
    audit_log.record(
        person_id, row.account_id, "campaign.repeat", f"campaign {campaign_id}", now,
        before, {name: values[name] for name in shown},
    )  # fmt: skip


def end(campaign_id: int, person_id: int | None, now: int, account_id: int | None = None) -> None:
    """Inside a write: a campaign is not made again; audited.  NotFound when it would not be."""
    campaigns.get(campaign_id, account_id)
    row = _row(campaign_id)
    if row.next_at is None:
        raise NotFound("Campaign %(id)s is not repeated.", id=campaign_id)
    CampaignRepeat.update(next_at=None).where(CampaignRepeat.id == row.id).execute()
    audit_log.record(person_id, row.account_id, "campaign.repeat_end", f"campaign {campaign_id}", now)


def _row(campaign_id: int) -> CampaignRepeat:
    found = of_campaign(campaign_id)
    if found is None:
        raise NotFound("Campaign %(id)s is not repeated.", id=campaign_id)
    return found


def _is_kept_back(row: Campaign) -> bool:
    """Whether nobody has started it yet, or its date was taken off; one that could not start says why."""
    return bool(row.state == CampaignState.DRAFT and not row.state_reason)


def _was_stopped(row: Campaign) -> bool:
    """Whether a person stopped it, not its own date."""
    return bool(row.state == CampaignState.STOPPED and row.pause_code != why.ENDED)


def due(now: int) -> list[CampaignRepeat]:
    """What is to be made again soon; inside a connection."""
    query = CampaignRepeat.select().where(CampaignRepeat.next_at <= now + AHEAD_MS)
    return list(query.order_by(CampaignRepeat.next_at).limit(100))


def make(row: CampaignRepeat, now: int, policy: Policy, write: Write) -> int | None:
    """Make the next campaign of a repetition; its id, None when it is not repeated any more or cannot be.

    Not inside a transaction: the numbers are copied in parts.
    """
    begun = write(lambda: _begin(int(row.id), now, policy.zone))
    if begun is None:
        return None
    campaign_id, next_at, name, made = begun
    try:
        if made is None:
            made = clone.clone(
                campaign_id,
                now,
                policy,
                write,
                (clone.ALL,),
                name=name,
                person_id=row.person_id,
                noted=lambda draft: _note_copy(int(row.id), draft),
            )
    except Conflict:  # another engine goes on with the copy
        log.warning("action=repeat_cut repeat=%d", row.id)
        return None
    except BadInput as error:
        kept = error.sentence.kept()
        write(lambda: _stop(int(row.id), kept))
        log.warning("action=repeat_ended repeat=%d reason=%r", row.id, str(error))
        return None
    write(lambda: _conclude(int(row.id), made, next_at, now, policy))
    log.info("action=campaign_repeated campaign=%d of=%d", made, campaign_id)
    return int(made)


def _begin(repeat_id: int, now: int, zone: tzinfo) -> tuple[int, int, str, int | None] | None:
    """What is to be copied, when it starts, what it is called, and its copy if that is complete already.

    None: it is not due, or its copy is not complete yet.
    """
    row = CampaignRepeat.get_by_id(repeat_id)
    if row.next_at is None or row.next_at > now + AHEAD_MS:
        return None
    copied = row.copying_id
    if copied is not None and clone.is_copying(copied):
        return None
    if copied is not None and campaigns.get(copied).state != CampaignState.DRAFT:  # a person stopped it
        copied = None
    old = campaigns.get(row.campaign_id)
    if copied is None and _is_kept_back(old):
        _pass(row, zone)
        return None
    if _was_stopped(old):
        _stop(repeat_id, STOPPED_BY_PERSON.kept())
        return None
    return int(row.campaign_id), int(row.next_at), str(old.name), copied


def _pass(row: CampaignRepeat, zone: tzinfo) -> None:
    """One time passes without a campaign."""
    assert row.next_at is not None
    following = next_after(int(row.next_at), row.every, int(row.day), bool(row.is_jalali), zone)
    is_last = row.until_at is not None and following > row.until_at
    CampaignRepeat.update(next_at=None if is_last else following).where(CampaignRepeat.id == row.id).execute()


def _note_copy(repeat_id: int, draft: int | None) -> None:
    CampaignRepeat.update(copying_id=draft).where(CampaignRepeat.id == repeat_id).execute()


def _stop(repeat_id: int, sentence: str) -> None:
    CampaignRepeat.update(next_at=None, copying_id=None, sentence=sentence).where(
        CampaignRepeat.id == repeat_id
    ).execute()


def _conclude(repeat_id: int, made: int, starts_at: int, now: int, policy: Policy) -> None:
    """The copy is complete: it starts at its time, and is the one to copy next.  One that cannot start says why."""
    row = CampaignRepeat.get_by_id(repeat_id)
    if row.next_at is None:  # somebody ended the repetition meanwhile
        move_from(made, CampaignState.DRAFT, CampaignState.STOPPED, finished_at=now)
        _note_copy(repeat_id, None)
        return
    following = int(row.next_at)
    while following <= now or following <= starts_at:  # repetitions missed while nothing ran are skipped
        following = next_after(following, row.every, int(row.day), bool(row.is_jalali), policy.zone)
    is_last = row.until_at is not None and following > row.until_at
    CampaignRepeat.update(campaign_id=made, copying_id=None, next_at=None if is_last else following).where(
        CampaignRepeat.id == row.id
    ).execute()
    Campaign.update(starts_at=starts_at if starts_at > now else None).where(Campaign.id == made).execute()
    try:
        with db.atomic():
            campaigns.start(made, now, policy)
    except AvanakError as error:
        Campaign.update(state_reason=error.sentence.kept()).where(Campaign.id == made).execute()
