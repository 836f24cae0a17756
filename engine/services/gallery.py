"""The gallery of an account: its messages, how they came, and whether staff let them be sent.

A message waits for staff unless its account may skip that (`own_voice`); staff
approve it, reject it with a reason, or have it played to them in a call of our
own engine and press 1.  A campaign with a message that is not approved does
not start, and pauses if it runs.  Functions run inside a transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.errors import BadInput, Conflict, NotFound
from engine.services import accounts, audit_log, campaigns, ledger, permissions, quick, why
from engine.services.numbers import NormalNumber
from engine.services.personal import Template
from engine.services.quick import QuickOptions, QuickState
from engine.services.speech import Speech
from engine.services.start_checks import refusal
from engine.states import CampaignState, MessageState
from engine.store.do_not_call import numbers_source, numbers_value
from engine.store.models import Campaign, Message, MessageCall
from engine.store.settles import Settle
from engine.store.sql import execute
from engine.text import one_line

log = logging.getLogger(__name__)

UPLOADED, RECORDED, SPOKEN = "upload", "recorded", "spoken"
ORIGINS = (UPLOADED, RECORDED, SPOKEN)
APPROVE_KEY = "1"
MOST_CALLS = 20  # of one message that are shown
APPROVAL_CALLS = QuickOptions(vote_keys=APPROVE_KEY, repeat_key="2")


def add(
    account_id: int,
    title: str,
    prompt: str,
    duration_ms: int,
    now: int,
    *,
    origin: str = UPLOADED,
    text: str = "",
    voice: str = "",
    staff_id: int | None = None,
) -> Message:
    """Put a stored prompt into the gallery; it waits for staff unless the account may skip that.

    `prompt` and `duration_ms` come from `messages.store_prompt` or `Speech.make`.  What one of the
    staff (`staff_id`) brings in for an account is approved by that.
    """
    if origin not in ORIGINS:
        raise BadInput(f"The origin {origin!r} is none of {', '.join(ORIGINS)}.")
    is_free = staff_id is not None or accounts.has_grant(account_id, permissions.OWN_VOICE)
    row = Message.create(
        account=account_id,
        title=_title(title),
        prompt=prompt,
        duration_ms=duration_ms,
        created_at=now,
        state=MessageState.APPROVED if is_free else MessageState.WAITING,
        origin=origin,
        text=text,
        voice=voice,
        decided_by=staff_id,
        decided_at=now if is_free else None,
    )
    log.info("action=message_added message=%d account=%d state=%s", row.id, account_id, row.state)
    return row


def speak(
    account_id: int, title: str, text: str, voice: str, speech: Speech, prompts_dir: Path
) -> Callable[[int], Message]:
    """Speak a text, apart from where others wait; the function that adds it to the gallery (`now` in ms), in a write.

    A text with variables is kept as it is: what staff hear is an example, and campaigns with it speak
    each recipient's own.  Raises BadInput or SpeechUnavailable; the function charges the synthesis and
    raises NoCredit when that cannot be paid.
    """
    made = speech.make(Template(text).example(), prompts_dir, voice)

    def keep(now: int) -> Message:
        row = add(
            account_id, title, made.prompt, made.duration_ms, now,
            origin=SPOKEN, text=text.strip(), voice=voice,
        )  # fmt: skip
        ledger.charge_synthesis(account_id, row.text, f"message/{row.id}", now)
        return row

    return keep


def page(account_id: int, skip: int = 0, take: int = 50) -> list[Message]:
    """An account's messages, newest first."""
    query = Message.select().where(Message.account == account_id, Message.in_gallery == True)  # noqa: E712 - SQL
    return list(query.order_by(Message.id.desc()).offset(max(0, skip)).limit(min(max(1, take), 500)))


def waiting(limit: int = 200) -> list[Message]:
    """Messages of all accounts that wait for staff, oldest first."""
    states = (MessageState.WAITING, MessageState.BY_PHONE)
    query = Message.select().where(Message.state.in_(states), Message.in_gallery == True)  # noqa: E712 - SQL
    return list(query.order_by(Message.created_at, Message.id).limit(limit))


def get(message_id: int, account_id: int | None = None) -> Message:
    """A message of the gallery, of the account if one is given; NotFound otherwise."""
    query = Message.select().where(Message.id == message_id, Message.in_gallery == True)  # noqa: E712 - SQL
    if account_id is not None:
        query = query.where(Message.account == account_id)
    row = query.get_or_none()
    if row is None:
        raise NotFound(f"There is no message {message_id}.")
    return row


def rename(message_id: int, title: str, account_id: int | None = None) -> None:
    """Give a message another title."""
    row = get(message_id, account_id)
    Message.update(title=_title(title)).where(Message.id == row.id).execute()


def remove(message_id: int, account_id: int | None = None) -> None:
    """Take a message out of the gallery; Conflict while a campaign that is not over needs it."""
    row = get(message_id, account_id)
    over = (CampaignState.FINISHED, CampaignState.STOPPED)
    using = Campaign.get_or_none(Campaign.message == row.id, Campaign.state.not_in(over))
    if using is not None:
        raise Conflict(f"The message «{row.title}» is used by campaign {using.id}, which is {using.state}.")
    Message.update(in_gallery=False).where(Message.id == row.id).execute()
    log.info("action=message_removed message=%d account=%d", row.id, row.account_id)


def sound_path(row: Message, prompts_dir: Path) -> Path:
    """The WAV file of a message, to be heard or downloaded."""
    return prompts_dir / f"{row.prompt}.wav"


# -- staff ------------------------------------------------------------------------------


def approve(message_id: int, person_id: int | None, now: int) -> None:
    """Let a message be sent."""
    _decide(get(message_id), MessageState.APPROVED, "", person_id, now)


def reject(message_id: int, reason: str, person_id: int | None, now: int) -> list[int]:
    """Say no, with a reason that the customer reads; running campaigns with it pause, their ids.

    A message that was approved can be rejected later.
    """
    reason = reason.strip()
    if not reason:
        raise BadInput("Say why the message is rejected: its owner reads it.")
    row = get(message_id)
    _decide(row, MessageState.REJECTED, reason[:500], person_id, now)
    sentence = refusal(row.title, MessageState.REJECTED, reason)
    running = (CampaignState.RUNNING, CampaignState.SCHEDULED)
    ids = [
        int(item.id)
        for item in Campaign.select(Campaign.id).where(
            Campaign.message == row.id, Campaign.state.in_(running), Campaign.standing_key == ""
        )
    ]
    for campaign_id in ids:
        campaigns.pause(campaign_id, sentence, code=why.NOT_APPROVED)
    return ids


def ask_by_phone(
    message_id: int, number: NormalNumber, person_id: int | None, now: int, max_call_s: int = 660
) -> int:
    """Play a message to staff in a call of our own engine, at the house's cost; 1 approves it, 2 repeats it.

    The recipient's id of the quick send; wake the dialer after it.  Conflict for a message that is decided.
    """
    row = get(message_id)
    if row.state not in (MessageState.WAITING, MessageState.BY_PHONE):
        raise Conflict(f"The message «{row.title}» is {row.state}: there is nothing to decide.")
    house = accounts.house()
    recipient_id = quick.send(
        house.id, number, row.prompt, APPROVAL_CALLS, now, max_call_s, message_ms=row.duration_ms
    )
    MessageCall.create(recipient_id=recipient_id, message_id=row.id, person_id=person_id, placed_at=now)
    if row.state == MessageState.WAITING:
        _decide(row, MessageState.BY_PHONE, "", person_id, now)
    return recipient_id


def hear_approvals(won: Sequence[Settle]) -> None:
    """Hook of the settler: whoever pressed 1 in a call that `ask_by_phone` placed has approved the message."""
    voted = {item.recipient_id: item for item in won if item.vote == APPROVE_KEY}
    if not voted:
        return
    rows = execute(
        f"SELECT recipient_id, message_id, person_id FROM message_call WHERE recipient_id IN {numbers_source()}",  # noqa: S608 - constants
        [numbers_value(list(voted))],
    )
    for recipient_id, message_id, person_id in rows:
        row = Message.get_by_id(message_id)
        if row.state == MessageState.BY_PHONE:
            _decide(row, MessageState.APPROVED, "", person_id, voted[recipient_id].ended_at, "telephone")


def calls_of(message_id: int) -> list[QuickState]:
    """How the approval calls of a message went, the newest first."""
    rows = MessageCall.select().where(MessageCall.message_id == message_id)
    rows = rows.order_by(MessageCall.recipient_id.desc()).limit(MOST_CALLS)
    return [quick.state_of(row.recipient_id) for row in rows]


def _decide(
    row: Message, state: MessageState, reason: str, person_id: int | None, now: int, way: str = ""
) -> None:
    """The one place where a message changes its state."""
    if row.state == state:
        return
    moved = (
        Message.update(
            state=state,
            reason=reason,
            decided_by=person_id,
            decided_at=now,
        )
        .where(Message.id == row.id, Message.state == row.state)
        .execute()
    )
    if not moved:
        raise Conflict(f"The message «{row.title}» was decided by somebody else at the same moment.")
    after = {"state": str(state), "reason": reason, "way": way}
    audit_log.record(
        person_id, row.account_id, f"message.{state}", f"message {row.id}", now,
        {"state": str(row.state)}, {name: value for name, value in after.items() if value},
    )  # fmt: skip
    log.info("action=message_state message=%d %s -> %s", row.id, row.state, state)


def _title(title: str) -> str:
    return one_line(title)[:200] or "—"
