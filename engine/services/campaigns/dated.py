"""Campaigns as existing client programs define them: numbers, tries, and two instants that also set the daily hours.

``2026-11-28 09:00`` to ``2026-11-30 14:00`` means every day from 9:00 to 14:00 between these dates.
Their «stop» can be followed by «start», so it is our pause.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.clock import TEHRAN, from_ms
from engine.errors import AvanakError, BadInput, Conflict, NotFound
from engine.sentences import Sentence
from engine.services.accounts import accounts
from engine.services.campaigns import campaigns, edit, launch, start_checks, view
from engine.services.campaigns.recipients import Write, import_numbers
from engine.services.campaigns.rules import CampaignRules
from engine.services.campaigns.transitions import move
from engine.services.compliance.policy import Policy
from engine.services.messages import library
from engine.services.money import pricing
from engine.services.money.ledger import NoCredit
from engine.services.numbering.numbers import IN_IRAN, NumberRules
from engine.states import OVER_STATES, CampaignState
from engine.store.tables.core import Campaign

_APART = re.compile(r"[,\u060c;\u061b\r\n\t]+")
BY_PROGRAM = Sentence("stopped by a program of the account")


class DatesReversed(BadInput):
    """The first day comes after the last."""


class HoursReversed(BadInput):
    """The hour of the start is not before the hour of the end, so there is no daily window."""


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when (ms UTC), and the hours of each day (Tehran) as `Campaign.windows` has them."""

    starts_at: int
    ends_at: int
    windows: str


def span_of(starts_at: int, ends_at: int, now: int) -> Span:
    """The span of two instants; DatesReversed, HoursReversed, or BadInput when it is over."""
    first, last = (from_ms(at).astimezone(TEHRAN) for at in (starts_at, ends_at))
    if first.date() > last.date():
        raise DatesReversed("The first day of the campaign is after its last.")
    begin, end = first.hour * 60 + first.minute, last.hour * 60 + last.minute + bool(last.second)
    if begin >= end:
        raise HoursReversed(
            "The hour of the start must be before the hour of the end: they hold for each day."
        )
    if ends_at <= now:
        raise BadInput("The end must be in the future.")
    return Span(starts_at, ends_at, f"{begin // 60:02d}:{begin % 60:02d}-{end // 60:02d}:{end % 60:02d}")


def numbers_in(text: str) -> list[str]:
    """The numbers of a text with commas, semicolons or line breaks between them."""
    return [part.strip() for part in _APART.split(text) if part.strip()]


@dataclass(frozen=True, slots=True)
class NumbersAsWritten:
    """Numbers as somebody wrote them, and how this installation reads them."""

    texts: Sequence[str]
    accepted: NumberRules = IN_IRAN


def check(account_id: int, message_id: int, now: int) -> None:
    """Raise unless a campaign with this message could start: NotFound, NotApproved, SendingRefused, NoCredit.

    Inside a connection.
    """
    message = library.get(message_id, account_id)
    start_checks.check_approved(message)
    accounts.may_send(account_id, "service", now)
    quote = pricing.quote(account_id, 1, 0, message.duration_ms, now)
    least = min(quote.mobile_call, quote.landline_call)
    if least > quote.available:
        raise NoCredit(least, quote.available)


def create(
    account_id: int,
    rules: CampaignRules,
    message_id: int,
    numbers: NumbersAsWritten,
    now: int,
    policy: Policy,
    write: Write,
    *,
    starts: bool,
    also: Callable[[int], None] = lambda campaign_id: None,
) -> int:
    """Make a campaign of numbers, and start it if it `starts`, at its time; its id.

    Not inside a transaction: the draft, each part of the numbers and the start have one of their own.  A campaign
    that cannot start is stopped, so that no draft is left behind.  `also` is done with the draft. Raises Conflict
    when no number can be called.
    """

    def draft() -> int:
        made = campaigns.create(account_id, rules, message_id, now, policy)
        also(made)
        return made

    campaign_id = write(draft)
    try:
        brought = import_numbers(campaign_id, numbers.texts, numbers.accepted, write, now)
        if not brought.added:
            raise Conflict("Campaign %(id)s has no recipient that can be called.", id=campaign_id)
        if starts:
            write(lambda: _started(campaign_id, account_id, now, policy))
    except AvanakError:
        write(lambda: _given_up(campaign_id, account_id, now))
        raise
    return campaign_id


def _started(campaign_id: int, account_id: int, now: int, policy: Policy) -> int:
    launch.start(campaign_id, now, policy, account_id)
    return campaign_id


def _given_up(campaign_id: int, account_id: int, now: int) -> int:
    campaigns.stop(campaign_id, now, account_id)
    return campaign_id


def get(campaign_id: int, account_id: int) -> Campaign:
    """A campaign of the account, except its standing ones; NotFound otherwise."""
    row = campaigns.get(campaign_id, account_id)
    if row.standing_key:
        raise NotFound("There is no campaign %(id)s.", id=campaign_id)
    return row


def start(
    campaign_id: int,
    account_id: int,
    span: Span,
    changes: dict[str, Any],
    person_id: int | None,
    now: int,
    policy: Policy,
) -> None:
    """Start a waiting or stopped campaign with a new span and new rules; inside a write.

    Raises Conflict for one that is over, and as `campaigns.start` does.
    """
    row = get(campaign_id, account_id)
    state = CampaignState(row.state)
    if state in OVER_STATES:
        raise Conflict("Campaign %(id)s is over and cannot be started.", id=campaign_id)
    later = span.starts_at if span.starts_at > now else None
    wanted = {**changes, "windows": span.windows, "ends_at": span.ends_at}
    if state in (CampaignState.DRAFT, CampaignState.SCHEDULED):
        wanted["starts_at"] = later
    edit.change(campaign_id, wanted, person_id, now, policy, account_id)
    row = get(campaign_id, account_id)
    if later is None:
        if row.state == CampaignState.PAUSED:
            launch.resume(campaign_id, now, policy, account_id)
        elif row.state != CampaignState.RUNNING:
            launch.start(campaign_id, now, policy, account_id)
    elif row.state == CampaignState.DRAFT:
        campaigns.start(campaign_id, now, policy, account_id)
    elif row.state == CampaignState.PAUSED:
        move(row, CampaignState.SCHEDULED, starts_at=later)


def stop(campaign_id: int, account_id: int) -> bool:
    """Stop a campaign so that `start` can go on with it; whether it is stopped now.  Inside a write."""
    row = get(campaign_id, account_id)
    if row.state in (CampaignState.RUNNING, CampaignState.SCHEDULED):
        campaigns.pause(campaign_id, BY_PROGRAM.kept(), account_id)
        return True
    return row.state in (CampaignState.PAUSED, CampaignState.STOPPED)


def seen(campaign_id: int, account_id: int, now: int) -> view.CampaignView:
    """A campaign with its counts; NotFound.  Inside a connection."""
    get(campaign_id, account_id)
    return view.view(campaign_id, now, account_id)
