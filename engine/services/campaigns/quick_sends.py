"""Quick sends: one message to one number, now.

They live in standing campaigns, one per account and set of options, which never finish.  So a quick send takes the
usual path (claim, originate, settle, money, results), but ahead of other calls and with the seats reserved for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from peewee import IntegrityError

from engine.errors import NotFound
from engine.services.accounts import accounts, permissions
from engine.services.accounts.ownership import owned
from engine.services.campaigns import quick_history, start_checks
from engine.services.campaigns.recipients import add_many, add_one
from engine.services.campaigns.rules import CampaignRules
from engine.services.compliance.policy import Policy
from engine.services.money import charges
from engine.services.numbering.numbers import NormalNumber
from engine.states import CampaignState, RecipientState
from engine.store.claims import end_waiting
from engine.store.database import db
from engine.store.rows import row_of
from engine.store.tables.core import Attempt, Campaign, CampaignCounts, CampaignPulse, Message, Recipient

QUICK_PRIORITY = 10
OTP_PRIORITY = 20
MAX_TRIES = 1
MAX_KEY = 100  # characters of Campaign.standing_key


@dataclass(frozen=True, slots=True)
class QuickOptions:
    """What quick sends of one kind share."""

    priority: int = QUICK_PRIORITY
    vote_keys: str = ""
    repeat_key: str = ""
    gateways: tuple[str, ...] = ()
    caller_id: str = ""
    ring_timeout_s: int = 30
    max_length_s: int = 120
    kind: str = "service"
    record_s: int = 0  # longest recording of the callee after the message; 0: none
    holds: bool = False  # the message goes on until the call is joined to another, or ended
    switch_name: str = ""  # the only switch by which such calls leave; empty: any

    @property
    def key(self) -> str:
        """The standing campaign's key: equal options share one, and only they."""
        key = (
            f"quick/{self.priority}/{self.kind}/{self.vote_keys}/{self.repeat_key}/{' '.join(self.gateways)}"
            f"/{self.caller_id}/{self.ring_timeout_s}/{self.max_length_s}"
        )
        if self.record_s:
            key += f"/{self.record_s}"
        if self.holds:
            key += f"/holds {self.switch_name}"
        # A truncated key would send with the caller id or the keys of other options.
        return key if len(key) <= MAX_KEY else f"quick/{hashlib.sha256(key.encode()).hexdigest()}"


def send(
    account_id: int,
    number: NormalNumber,
    prompt: str,
    options: QuickOptions,
    now: int,
    policy: Policy,
    message_ms: int | None = None,
    to_its_owner: bool = False,
) -> int:
    """Put one number in front of the queue; the recipient's id.  Inside a write; wake the dialer after it.

    `prompt` names stored files of the folder of prompts, `message_ms` is their length (None: that of the
    account's message with this prompt, or the longest call).  `to_its_owner`: whoever asks is rung, so that neither
    the message's approval nor the hour stands in the way.  Its price is set aside.  Raises BadInput for
    options that cannot be, SendingRefused when the account may not send, NoCredit when it cannot pay, NotApproved,
    HourNotAllowed, CallerIdNotAllowed or CapReached as `start_checks.check_quick` does.
    """
    accounts.may_send(account_id, options.kind, now)
    if options.record_s:
        accounts.require_grant(account_id, permissions.RECORDING)
    if to_its_owner:
        start_checks.check_caps(account_id, now, policy)
    else:
        start_checks.check_quick(
            account_id, options.kind, prompt, now, policy, options.caller_id, options.gateways
        )
    campaign_id = standing_campaign(account_id, options, now, policy)
    is_mobile = number.kind == "mobile"
    recipient_id = add_one(campaign_id, number.e164, is_mobile, prompt)
    quick_history.note(recipient_id, account_id, number.e164, now)
    if message_ms is None:
        known = Message.get_or_none(Message.account == account_id, Message.prompt == prompt)
        message_ms = known.duration_ms if known else options.max_length_s * 1000
    charges.reserve_quick(campaign_id, [(recipient_id, is_mobile)], message_ms, now)
    return recipient_id


def send_many(
    account_id: int,
    numbers: Sequence[NormalNumber],
    prompt: str,
    options: QuickOptions,
    now: int,
    message_ms: int,
    policy: Policy,
) -> list[int]:
    """As `send`, one message to many numbers with one check, one insert and one booking; the recipients, in order.

    None is accepted when one cannot be paid.
    """
    accounts.may_send(account_id, options.kind, now)
    if options.record_s:
        accounts.require_grant(account_id, permissions.RECORDING)
    start_checks.check_quick(
        account_id, options.kind, prompt, now, policy, options.caller_id, options.gateways
    )
    campaign_id = standing_campaign(account_id, options, now, policy)
    rows = [(number.e164, number.kind == "mobile") for number in numbers]
    ids = add_many(campaign_id, rows, prompt)
    quick_history.note_many(
        account_id, [(made, e164) for made, (e164, _) in zip(ids, rows, strict=True)], now
    )
    mobiles = [is_mobile for _, is_mobile in rows]
    charges.reserve_quick(campaign_id, list(zip(ids, mobiles, strict=True)), message_ms, now)
    return ids


def standing_campaign(account_id: int, options: QuickOptions, now: int, policy: Policy) -> int:
    """The standing campaign of these options, made when first needed; its id."""
    found = row_of(Campaign, account=account_id, standing_key=options.key)
    if found is None:
        rules = CampaignRules(
            name="quick",
            kind=options.kind,
            max_tries=MAX_TRIES,
            ring_timeout_s=options.ring_timeout_s,
            max_length_s=options.max_length_s,
            vote_keys=options.vote_keys,
            repeat_key=options.repeat_key,
            caller_id=options.caller_id,
            record_s=options.record_s,
            priority=options.priority,
        )
        rules.check(policy.max_call_s)
        try:
            with db.atomic():
                found = Campaign.create(
                    account=account_id,
                    name=rules.name,
                    kind=rules.kind,
                    state=CampaignState.RUNNING,
                    priority=rules.priority,
                    max_tries=rules.max_tries,
                    ring_timeout_s=rules.ring_timeout_s,
                    max_length_s=rules.max_length_s,
                    vote_keys=rules.vote_keys,
                    repeat_key=rules.repeat_key,
                    caller_id=rules.caller_id,
                    record_s=rules.record_s,
                    holds_calls=options.holds,
                    switch_name=options.switch_name,
                    gateways=" ".join(options.gateways),
                    standing_key=options.key,
                    created_at=now,
                    started_at=now,
                )
                CampaignCounts.create(campaign=found)
                CampaignPulse.create(campaign=found)
        except IntegrityError:  # another process just made it
            found = Campaign.get(Campaign.account == account_id, Campaign.standing_key == options.key)
    return int(found.id)


def withdraw(recipient_id: int, now: int) -> bool:
    """Cancel a quick send before its call begins; False if a call was begun, or it has ended.

    Its reservation is released together with those of ended quick sends.
    """
    campaign_id = int(Recipient.get_by_id(recipient_id).campaign_id)
    return bool(end_waiting(campaign_id, {recipient_id: ""}, RecipientState.CANCELLED, now))


@dataclass(frozen=True, slots=True)
class QuickState:
    """The state of a quick send."""

    recipient_id: int
    number: str
    state: RecipientState
    disposition: str
    started_at: int | None
    heard_ms: int
    vote: str


def state_of(recipient_id: int, account_id: int | None = None) -> QuickState:
    """A quick send, of the account if one is given; NotFound if there is none.  Inside a connection."""
    query = (
        Recipient.select(Recipient)
        .join(Campaign, on=(Campaign.id == Recipient.campaign_id))
        .where(Recipient.id == recipient_id, Campaign.standing_key != "")
    )
    missing = NotFound("There is no quick send %(id)s.", id=recipient_id)
    return _state(owned(query, Campaign.account, account_id, missing))


def latest(account_id: int, limit: int) -> list[QuickState]:
    """The newest quick sends of an account with the usual options; inside a connection."""
    standing = Campaign.get_or_none(
        Campaign.account == account_id, Campaign.standing_key == QuickOptions().key
    )
    if standing is None:
        return []
    rows = Recipient.select().where(Recipient.campaign_id == standing.id).order_by(Recipient.id.desc())
    return [_state(row) for row in rows.limit(limit)]


def _state(row: Recipient) -> QuickState:
    attempt = Attempt.get_or_none(Attempt.id == row.attempt_id) if row.attempt_id else None
    return QuickState(
        recipient_id=row.id,
        number=row.number,
        state=RecipientState(row.state),
        disposition=row.disposition,
        started_at=attempt.created_at if attempt else None,
        heard_ms=attempt.heard_ms if attempt else 0,
        vote=attempt.vote if attempt else "",
    )
