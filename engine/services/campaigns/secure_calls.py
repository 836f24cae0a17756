"""Secure calls: two people talk, and neither sees the other's number.

The first is rung and hears the hold message; when they have answered, the second is rung; when both are there, the
engine joins them (`engine.dialing.joining`).  Each leg is a quick send: it is paced, asked every rule, written down
before it is placed, and charged for its own length, once.  What both could cost is set aside, so that a call
never talks into a debt: the longest call is the longest that can be paid.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import cast

from engine.errors import AvanakError, BadInput
from engine.services.accounts import accounts, permissions
from engine.services.campaigns import quick_sends
from engine.services.campaigns.quick_sends import QuickOptions
from engine.services.compliance.policy import Policy
from engine.services.messages import library
from engine.services.money import ledger, pricing
from engine.services.money.ledger import NoCredit
from engine.services.numbering.numbers import LineKind, NormalNumber
from engine.states import FINAL_STATES, AttemptState, RecipientState
from engine.store.sql import execute
from engine.store.tables.core import Campaign, Recipient
from engine.store.tables.sends import SecureCall

log = logging.getLogger(__name__)

LENGTHS_S = (600, 300, 120, 60)  # longest calls: few, so that calls share their standing campaigns
LEAST_CREDIT = 10_000  # Rials
RING_S = 45
PLACED_WITHIN_MS = 60_000  # the second is being rung by then, or the first waits no longer
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Leg:
    """How one of the two stands: the recipient's state and the last attempt's, if there is one."""

    recipient_id: int
    state: str
    attempt_state: str = ""
    uuid: str = ""
    switch_id: int = 0

    @property
    def is_over(self) -> bool:
        return self.state in FINAL_STATES

    @property
    def is_there(self) -> bool:
        """Answered, and not gone."""
        return self.state == RecipientState.IN_CALL and self.attempt_state == AttemptState.ANSWERED


@dataclass(frozen=True, slots=True)
class Pair:
    """A secure call that is not over."""

    id: int
    state: str
    first: Leg
    second: Leg | None
    waits_since: int  # when the first answered, ms; 0: not yet


def options(longest_s: int, names: tuple[str, ...], switch_name: str = "") -> QuickOptions:
    """How the legs are placed; the second goes by the switch that the first is on."""
    return QuickOptions(
        holds=True, max_length_s=longest_s, ring_timeout_s=RING_S, gateways=names, switch_name=switch_name
    )


def start(
    account_id: int,
    first: NormalNumber,
    second: NormalNumber,
    message_id: int,
    names: tuple[str, ...],
    now: int,
    policy: Policy,
) -> int:
    """Inside a write: ring the first; the secure call's id.  `names` are the gateways of a region, empty: any.

    Raises NotAllowed without the permission, BadInput for one number twice, NotFound and NotApproved for the
    message, NoCredit below `LEAST_CREDIT` or when not even the shortest call can be paid, and as `quick_sends.send`.
    """
    accounts.require_grant(account_id, permissions.SECURE_CALLS)
    if first.e164 == second.e164:
        raise BadInput("The two numbers are the same.")
    message = library.get(message_id, account_id)
    longest_s = _longest_s(
        account_id, first.kind == "mobile", second.kind == "mobile", policy.max_call_s, now
    )
    first_id = quick_sends.send(
        account_id, first, message.prompt, options(longest_s, names), now, policy, longest_s * 1000
    )
    SecureCall.create(
        first_id=first_id,
        account_id=account_id,
        second_number=second.e164,
        second_kind=second.kind,
        prompt=message.prompt,
        reserve_ms=longest_s * 1000,
        created_at=now,
    )
    log.info("action=secure_call_accepted call=%d account=%d longest_s=%d", first_id, account_id, longest_s)
    return first_id


def _longest_s(
    account_id: int, first_is_mobile: bool, second_is_mobile: bool, max_call_s: int, now: int
) -> int:
    """The longest call that the account can pay both legs of."""
    if accounts.get(account_id).is_house:
        return min(LENGTHS_S[0], max_call_s)
    free, price = ledger.spendable(account_id), pricing.price_of(account_id, now)
    if free < LEAST_CREDIT:
        raise NoCredit(LEAST_CREDIT, free)
    cost = 0
    for seconds in LENGTHS_S:
        cost = sum(price.of_call(seconds * 1000, mobile) for mobile in (first_is_mobile, second_is_mobile))
        if seconds <= max_call_s and cost <= free:
            return seconds
    raise NoCredit(cost, free)


def open_pairs() -> list[Pair]:
    """Secure calls that are not over, oldest first; inside a connection."""
    rows = execute(
        "SELECT s.first_id, s.state, f.state, fa.state, fa.uuid, fa.switch_id,"  # noqa: S608 - a constant
        " s.second_id, t.state, ta.state, ta.uuid, ta.switch_id, fa.answered_at FROM secure_call s"
        " JOIN recipient f ON f.id = s.first_id LEFT JOIN attempt fa ON fa.id = f.attempt_id"
        " LEFT JOIN recipient t ON t.id = s.second_id LEFT JOIN attempt ta ON ta.id = t.attempt_id"
        f" WHERE s.state <> 'over' ORDER BY s.first_id LIMIT {AT_ONCE}"
    )
    return [
        Pair(
            int(row[0]),
            row[1],
            Leg(int(row[0]), row[2], row[3] or "", row[4] or "", row[5] or 0),
            None if row[6] is None else Leg(int(row[6]), row[7], row[8] or "", row[9] or "", row[10] or 0),
            row[11] or 0,
        )
        for row in rows
    ]


def ring_second(call_id: int, switch_name: str, now: int, policy: Policy) -> int | None:
    """Inside a write: the first has answered on this switch; ring the second by a gateway of it, once.

    The second's recipient; None when it is rung already, or may not be (then the call is over).
    """
    won = SecureCall.update(state="second").where(SecureCall.first_id == call_id, SecureCall.state == "first")
    if not won.execute():
        return None
    row = SecureCall.get_by_id(call_id)
    names = tuple(Campaign.get_by_id(Recipient.get_by_id(call_id).campaign_id).gateways.split())
    number = NormalNumber(row.second_number, cast(LineKind, row.second_kind))
    longest_s = row.reserve_ms // 1000
    try:
        second_id = quick_sends.send(
            row.account_id,
            number,
            row.prompt,
            options(longest_s, names, switch_name),
            now,
            policy,
            row.reserve_ms,
        )
    except AvanakError as error:
        log.info("action=secure_call_refused call=%d reason=%r", call_id, str(error))
        return None
    SecureCall.update(second_id=second_id).where(SecureCall.first_id == call_id).execute()
    return second_id


def joined(call_id: int, now: int) -> None:
    """Inside a write: the two hear each other."""
    won = SecureCall.update(state="joined", joined_at=now).where(
        SecureCall.first_id == call_id, SecureCall.state == "second"
    )
    if won.execute():
        log.info("action=secure_call_joined call=%d", call_id)


def over(call_id: int, now: int) -> None:
    """Inside a write: both have their end."""
    SecureCall.update(state="over", ended_at=now).where(
        SecureCall.first_id == call_id, SecureCall.state != "over"
    ).execute()
