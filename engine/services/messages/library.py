"""The gallery of an account: its messages, their origin, and whether staff approved them.

A message needs approval unless its account is exempt (`own_voice`); the decision itself is in `campaigns.approvals`.
Functions run inside a transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.errors import BadInput, Conflict, NotFound
from engine.fold import fold
from engine.sentences import Word
from engine.services.accounts import accounts, permissions, quotas
from engine.services.messages.personal import Template
from engine.services.messages.speech import Speech
from engine.services.money import ledger
from engine.states import CampaignState, MessageState
from engine.store.rows import row_of
from engine.store.tables.core import Campaign, Message
from engine.text import one_line

log = logging.getLogger(__name__)

UPLOADED, RECORDED, SPOKEN = "upload", "recorded", "spoken"
ORIGINS = (UPLOADED, RECORDED, SPOKEN)


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
    """Add a stored prompt to the gallery; it needs approval unless the account is exempt.

    `prompt` and `duration_ms` come from `messages.store_prompt` or `Speech.make`.  A message that staff (`staff_id`)
    add for an account counts as approved.
    """
    if origin not in ORIGINS:
        raise BadInput("The origin '%(origin)s' is not one of %(known)s.", origin=origin, known=list(ORIGINS))
    if staff_id is None:
        quotas.check_messages(account_id)
        if text:
            quotas.check_spoken(account_id, now)
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
    """Speak a text; returns a function of `now` (ms) that adds it to the gallery, to be called in a transaction.

    This computes for long, so call it where nobody waits.  A text with variables is stored as it is: staff hear an
    example, and campaigns speak it for each recipient.  Raises BadInput or SpeechUnavailable.  The returned function
    charges for the speech and raises NoCredit when the account cannot pay.
    """
    template = Template(text)
    made = speech.make(template.example(), prompts_dir, voice, account_id)

    def keep(now: int) -> Message:
        if not accounts.has_grant(account_id, permissions.OWN_VOICE):
            template.check_share()
        row = add(
            account_id, title, made.prompt, made.duration_ms, now,
            origin=SPOKEN, text=text.strip(), voice=voice,
        )  # fmt: skip
        ledger.charge_synthesis(account_id, row.text, f"message/{row.id}", now)
        return row

    return keep


def check_spoken_once(account_id: int, prompt: str, now: int) -> None:
    """Whether a text may be spoken for one call; QuotaUsed.

    One that was spoken for the account before always may: `prompt` is what was made of it, empty if nothing was.
    """
    try:
        quotas.check_spoken(account_id, now)
    except quotas.QuotaUsed:
        kept = (
            Message.get_or_none(Message.account == account_id, Message.prompt == prompt) if prompt else None
        )
        if kept is None:
            raise


def spoken_once(account_id: int, text: str, voice: str, prompt: str, duration_ms: int, now: int) -> Message:
    """The message of a text that was spoken for one call: not shown in the gallery, one for each text.

    Only for accounts whose texts need no approval.  A new one counts as a text that was spoken today; QuotaUsed.
    """
    accounts.one_at_a_time(account_id)
    found: Message | None = Message.get_or_none(Message.account == account_id, Message.prompt == prompt)
    if found is not None:
        return found
    quotas.check_spoken(account_id, now)
    return Message.create(
        account=account_id,
        title=_title(text),
        prompt=prompt,
        duration_ms=duration_ms,
        created_at=now,
        origin=SPOKEN,
        text=text,
        voice=voice,
        in_gallery=False,
    )


def page(account_id: int, skip: int = 0, take: int = 50, text: str = "") -> list[Message]:
    """An account's messages, newest first, with `text` in the title."""
    query = Message.select().where(Message.account == account_id, Message.in_gallery == True)  # noqa: E712 - SQL
    if text.strip():
        query = query.where(Message.search.contains(fold(text)))
    return list(query.order_by(Message.id.desc()).offset(max(0, skip)).limit(min(max(1, take), 500)))


def older(account_id: int, before_id: int | None, limit: int, state: str = "") -> list[Message]:
    """An account's messages older than `before_id`, newest first; only in `state` if it is given."""
    query = Message.select().where(Message.account == account_id, Message.in_gallery == True)  # noqa: E712 - SQL
    if before_id is not None:
        query = query.where(Message.id < before_id)
    if state:
        query = query.where(Message.state == state)
    return list(query.order_by(Message.id.desc()).limit(limit))


def of_state(account_id: int, states: Sequence[str], limit: int) -> list[Message]:
    """An account's messages in these states, newest first."""
    query = Message.select().where(
        Message.account == account_id, Message.in_gallery, Message.state.in_(list(states))
    )
    query = query.where(Message.state != "approved")  # the condition of the partial index
    return list(query.order_by(Message.id.desc()).limit(limit))


def get(message_id: int, account_id: int | None = None) -> Message:
    """A message of the gallery, only of `account_id` if it is given.  Raises NotFound."""
    row = row_of(
        Message, id=message_id, in_gallery=True, **({} if account_id is None else {"account": account_id})
    )
    if row is None:
        raise NotFound("There is no message %(id)s.", id=message_id)
    return row


def rename(message_id: int, title: str, account_id: int | None = None) -> None:
    """Rename a message."""
    row = get(message_id, account_id)
    Message.update(title=_title(title)).where(Message.id == row.id).execute()


def remove(message_id: int, account_id: int | None = None) -> None:
    """Remove a message from the gallery.  Raises Conflict while an unfinished campaign needs it."""
    row = get(message_id, account_id)
    over = (CampaignState.FINISHED, CampaignState.STOPPED)
    using = Campaign.get_or_none(Campaign.message == row.id, Campaign.state.not_in(over))
    if using is not None:
        raise Conflict(
            "The message «%(title)s» is used by campaign %(id)s, which is %(state)s.",
            title=row.title,
            id=using.id,
            state=Word(using.state),
        )
    Message.update(in_gallery=False).where(Message.id == row.id).execute()
    log.info("action=message_removed message=%d account=%d", row.id, row.account_id)


def _title(title: str) -> str:
    return one_line(title)[:200] or "—"


def for_choice(limit: int, account_id: int | None = None) -> list[Message]:
    """Messages to choose from, newest first; only of `account_id` if it is given."""
    query = Message.select().where(Message.in_gallery == True)  # noqa: E712 - SQL
    if account_id is not None:
        query = query.where(Message.account == account_id)
    return list(query.order_by(Message.id.desc()).limit(limit))
