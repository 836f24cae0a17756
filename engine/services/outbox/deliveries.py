"""Outgoing messages: durable, retried with growing pauses, given up with a reason that is shown.

A message has a key, and the same key is sent once however often it is asked
for.  One is claimed under a lease before it is sent: after a crash in between
it is sent again (a message twice is better than none; mails carry the same
Message-ID).  Voice calls are claimed and placed in one transaction, so nobody
is called twice.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict, Unpack

from engine.errors import Conflict
from engine.sentences import kept
from engine.services.accounts.permissions import NOTICE_ROLES, Actor, require_role
from engine.services.outbox import addresses
from engine.services.outbox.wording import Bilingual
from engine.states import DeliveryState
from engine.store.sql import execute, one_of
from engine.store.tables.core import User
from engine.store.tables.support import ContactAddress, Delivery

log = logging.getLogger(__name__)

MAX_TRIES = 10
CHUNK = 500  # rows of one statement
_GOING = (
    f"SELECT 1 FROM delivery WHERE (state = '{DeliveryState.WAITING}' AND next_at <= ?)"  # noqa: S608 - constants
    f" OR state IN {one_of((DeliveryState.SENDING, DeliveryState.CALLING))} LIMIT 1"
)
LEASE_MS = 15 * 60_000
FIRST_PAUSE_S, FIRST_URGENT_PAUSE_S, LONGEST_PAUSE_S = 30.0, 5.0, 3600.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of sending one message; an empty error is success."""

    delivery_id: int
    error: str = ""
    is_final: bool = False  # no further try would help
    retry_after_s: float | None = None  # the far end said when


class Addressee(NamedTuple):
    """Where a message goes, and in which language."""

    channel: str
    address: str
    language: str = "fa"


class About(TypedDict, total=False):
    """What a message is about, and whether it goes before others."""

    is_urgent: bool
    account_id: int | None
    notice_id: int | None
    ticket_id: int | None


def enqueue(key: str, to: Addressee, subject: str, text: str, now: int, **about: Unpack[About]) -> bool:
    """Hand a message over; False if the key was handed over before."""
    return bool(_insert([_row(key, to, subject, text, now, about)]))


def to_account(
    account_id: int,
    /,
    topic: str,
    key: str,
    *,
    subject: Bilingual,
    text: Bilingual,
    now: int,
    **about: Unpack[About],
) -> int:
    """Hand a message over to all addresses that a customer named for a topic; how many are new."""
    return _to(addresses.to_be_told(account_id, topic), key, subject, text, now, **about)


def to_staff(
    topic: str,
    key: str,
    *,
    subject: Bilingual,
    text: Bilingual,
    now: int,
    roles: Sequence[str] = (),
    **about: Unpack[About],
) -> int:
    """Hand a message over to the staff's addresses for a topic; how many are new.

    With `roles`, to the people of these roles, and to the addresses that are nobody's own.
    """
    rows = addresses.to_be_told(None, topic)
    if roles:
        people = {row.id for row in User.select(User.id).where(User.role.in_(roles), User.account.is_null())}
        rows = [row for row in rows if row.person_id is None or row.person_id in people]
    return _to(rows, key, subject, text, now, **about)


def to_customers(
    topic: str, key: str, *, subject: Bilingual, text: Bilingual, now: int, **about: Unpack[About]
) -> int:
    """Hand a message over to what all customers named for a topic; how many are new."""
    return _to(addresses.of_customers(topic), key, subject, text, now, **about)


def _to(
    rows: Sequence[ContactAddress],
    key: str,
    subject: Bilingual,
    text: Bilingual,
    now: int,
    **about: Unpack[About],
) -> int:
    """In few statements: a notice for all must not hold up the writer."""
    return _insert(
        [
            _row(
                f"{key}/{row.id}",
                Addressee(row.channel, row.address, row.language),
                pick(subject, row.language),
                pick(text, row.language),
                now,
                {"account_id": row.account_id, **about},
            )
            for row in rows
        ]
    )


def _row(key: str, to: Addressee, subject: str, text: str, now: int, about: About) -> dict[str, Any]:
    return {
        **about,
        **to._asdict(),
        "key": key,
        "subject": " ".join(subject.split())[:200],
        "text": text,
        "next_at": now,
        "created_at": now,
    }


def _insert(rows: list[dict[str, Any]]) -> int:
    """How many are new: a key that is there already stays as it is."""
    return sum(
        Delivery.insert_many(rows[at : at + CHUNK]).on_conflict_ignore().as_rowcount().execute()
        for at in range(0, len(rows), CHUNK)
    )


def pick(words: Bilingual, language: str) -> str:
    """The words in a language; in Persian where the other is empty."""
    return words.get(language) or words["fa"]


# -- sending ------------------------------------------------------------------------------


def claim(channel: str, now: int, limit: int) -> list[Delivery]:
    """Take messages of a channel that are due, urgent ones first; they are ours until the lease ends."""
    is_due = (Delivery.state == DeliveryState.WAITING) & (Delivery.next_at <= now)
    is_left = (Delivery.state == DeliveryState.SENDING) & (Delivery.leased_until_at <= now)
    found = (
        Delivery.select(Delivery.id, Delivery.state, Delivery.leased_until_at)
        .where(Delivery.channel == channel, is_due | is_left)
        .order_by(Delivery.is_urgent.desc(), Delivery.next_at)
        .limit(limit)
    )
    mine = []
    for row in list(found):
        same_lease = (
            Delivery.leased_until_at.is_null()
            if row.leased_until_at is None
            else Delivery.leased_until_at == row.leased_until_at
        )
        if (
            Delivery.update(
                state=DeliveryState.SENDING, leased_until_at=now + LEASE_MS, tries=Delivery.tries + 1
            )
            .where(Delivery.id == row.id, Delivery.state == row.state, same_lease)
            .execute()
        ):
            mine.append(int(row.id))
    return list(Delivery.select().where(Delivery.id.in_(mine)).order_by(Delivery.id)) if mine else []


def settle(outcome: Outcome, now: int) -> None:
    """Record the outcome of a try: sent, to be retried, or given up."""
    row = Delivery.get_by_id(outcome.delivery_id)
    ours = (Delivery.id == row.id) & Delivery.state.in_([DeliveryState.SENDING, DeliveryState.CALLING])
    error = " ".join(outcome.error.split())[:300]
    if not error:
        Delivery.update(state=DeliveryState.SENT, error="", ended_at=now, leased_until_at=None).where(
            ours
        ).execute()
        log.info("action=delivered delivery=%d channel=%s tries=%d", row.id, row.channel, row.tries)
    elif outcome.is_final or row.tries >= MAX_TRIES:
        Delivery.update(state=DeliveryState.FAILED, error=error, ended_at=now, leased_until_at=None).where(
            ours
        ).execute()
        log.warning("action=delivery_failed delivery=%d channel=%s error=%r", row.id, row.channel, error)
    else:
        pause_s = backoff_s(row.tries, row.is_urgent, random.random())
        next_at = now + round(1000 * max(pause_s, outcome.retry_after_s or 0.0))
        Delivery.update(
            state=DeliveryState.WAITING, error=error, next_at=next_at, leased_until_at=None
        ).where(ours).execute()
        log.info("action=delivery_again delivery=%d channel=%s try=%d", row.id, row.channel, row.tries)


def backoff_s(tries: int, is_urgent: bool, luck: float) -> float:
    """The pause after the n-th try in seconds: doubling, capped, spread by `luck` in [0, 1) over its last half."""
    first = FIRST_URGENT_PAUSE_S if is_urgent else FIRST_PAUSE_S
    whole = min(LONGEST_PAUSE_S, first * 2 ** min(tries - 1, 20))
    return whole / 2 + whole / 2 * luck


def is_any_going(now: int) -> bool:
    """Whether a message is due, or on its way through a channel."""
    return bool(execute(_GOING, [now]))


def note_missing(known: set[str], now: int) -> None:
    """Say on the messages that wait for a channel which is not set up that this is why."""
    Delivery.update(error=kept("this channel is not set up")).where(
        Delivery.state == DeliveryState.WAITING,
        Delivery.next_at <= now,
        Delivery.channel.not_in(known),
        Delivery.error == "",
    ).execute()


def again(person: Actor, delivery_id: int, now: int) -> None:
    """Staff try a message again that was given up."""
    require_role(person, NOTICE_ROLES)
    changed = (
        Delivery.update(state=DeliveryState.WAITING, tries=0, next_at=now, ended_at=None)
        .where(Delivery.id == delivery_id, Delivery.state == DeliveryState.FAILED)
        .execute()
    )
    if not changed:
        raise Conflict("There is no message %(id)s that was given up.", id=delivery_id)


def drop(key: str, reason: str, now: int) -> int:
    """Give up the messages that have not left, whose key begins so, because they are of no use any more."""
    return int(
        Delivery.update(state=DeliveryState.FAILED, error=reason, ended_at=now)
        .where(Delivery.key.startswith(key), Delivery.state == DeliveryState.WAITING)
        .execute()
    )


# -- what staff see -----------------------------------------------------------------------


def failures(limit: int = 100) -> list[Delivery]:
    """Messages that were given up, or that are being tried again after an error; the newest first."""
    return list(
        Delivery.select()
        .where(
            (Delivery.state == DeliveryState.FAILED)
            | ((Delivery.state == DeliveryState.WAITING) & (Delivery.error != ""))
        )
        .order_by(Delivery.id.desc())
        .limit(limit)
    )


def of_notice(notice_id: int) -> list[Delivery]:
    """The messages of a notice."""
    return list(Delivery.select().where(Delivery.notice_id == notice_id).order_by(Delivery.id))
