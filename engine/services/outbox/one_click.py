"""Verification by one key: a person sees a digit, is called, and presses it; the client is told the result.

The call is a quick send in which every digit is a vote.  What came of it is posted to the address that was named,
signed as Standard Webhooks do, with the SHA-256 of the token as the key: who asked has it, and we keep nothing else.
Told at least once, always with the same id; tried again for a day.
"""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from engine.services.accounts.access_tokens import AccessToken
from engine.services.campaigns import quick_sends
from engine.services.campaigns.quick_sends import OTP_PRIORITY, QuickOptions
from engine.services.compliance.policy import Policy
from engine.services.numbering.numbers import NormalNumber, display
from engine.services.outbox import signing
from engine.states import FINAL_STATES, Disposition
from engine.store.sql import execute, one_of
from engine.store.tables.core import Recipient
from engine.store.tables.sends import OneClick

log = logging.getLogger(__name__)

DIGITS = "123456789"
AT_ONCE = 20
LEASE_MS = 60_000
MAX_TRIES = 16
FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 5_000, 3 * 3_600_000  # doubling: a day in all
SUCCESS, WRONG_KEY, NO_KEY, NOT_ANSWERED = "Success", "WrongKey", "NoKey", "NotAnswered"

_OPEN = "SELECT 1 FROM one_click WHERE state IN ('calling', 'telling') LIMIT 1"

Run = Callable[[Callable[[], Any]], Any]
Post = Callable[[str, bytes, Mapping[str, str]], tuple[int | None, str]]


def options(gateways: tuple[str, ...] = ()) -> QuickOptions:
    """How such a call is placed."""
    return QuickOptions(priority=OTP_PRIORITY, vote_keys=DIGITS, max_length_s=60, gateways=gateways)


def send(
    account_id: int,
    token_id: int,
    number: NormalNumber,
    callback_url: str,
    prompt: str,
    length_ms: int,
    gateways: tuple[str, ...],
    now: int,
    policy: Policy,
) -> tuple[int, str]:
    """Inside a write: put the call in front of the queue; (its id, the digit to press).

    Raises as `quick_sends.send`.  The address has been looked at (`outside.check_url`).
    """
    recipient_id = quick_sends.send(
        account_id, number, prompt, options(gateways), now, policy, message_ms=length_ms
    )
    code = secrets.choice(DIGITS)
    OneClick.create(
        recipient_id=recipient_id,
        account_id=account_id,
        token_id=token_id,
        code=code,
        callback_url=callback_url,
        created_at=now,
    )
    return recipient_id, code


def step(now: int, read: Run, write: Run, post: Post) -> int:
    """Report the calls that have ended to their clients; how many were reported.  Not inside a transaction.

    `post` gives the status, or None and why there was none.
    """
    if not read(lambda: execute(_OPEN)):
        return 0
    if read(_ended):
        write(lambda: _note_ended(now))
    dead: set[str] = set()  # hosts that did not answer in this step: the rest must not wait for them
    told = 0
    for row in write(lambda: _claim(now)) if read(lambda: _due(now)) else []:
        host = urlsplit(row.callback_url).netloc
        if host in dead:
            error = "the host did not answer"
        else:
            error = _tell(row, read, now, post)
            if error:
                dead.add(host)
        told += not error
        write(partial(_settle, row, error, now))
    return told


def _ended() -> list[tuple[Any, ...]]:
    """Calls that have their end: (recipient, disposition, vote)."""
    return execute(
        "SELECT o.recipient_id, r.disposition, COALESCE(a.vote, ''), r.finished_at FROM one_click o"  # noqa: S608 - constants
        " JOIN recipient r ON r.id = o.recipient_id LEFT JOIN attempt a ON a.id = r.attempt_id"
        f" WHERE o.state = 'calling' AND r.state IN {one_of(FINAL_STATES)} LIMIT 500"
    )


def _note_ended(now: int) -> None:
    for recipient_id, disposition, vote, finished_at in _ended():
        code = OneClick.get_by_id(recipient_id).code
        if vote:
            outcome = SUCCESS if vote == code else WRONG_KEY
        else:
            outcome = NO_KEY if disposition == Disposition.ANSWERED else NOT_ANSWERED
        OneClick.update(
            state="telling", outcome=outcome, pressed=vote, ended_at=finished_at or now, next_at=now
        ).where(OneClick.recipient_id == recipient_id, OneClick.state == "calling").execute()
        log.info("action=one_click_ended send=%d outcome=%s", recipient_id, outcome)


def _due(now: int) -> list[OneClick]:
    rows = OneClick.select().where(OneClick.state == "telling", OneClick.next_at <= now)
    return list(rows.order_by(OneClick.next_at).limit(AT_ONCE))


def _claim(now: int) -> list[OneClick]:
    """Claim what is due, for a minute."""
    return [
        row
        for row in _due(now)
        if OneClick.update(next_at=now + LEASE_MS, tries=OneClick.tries + 1)
        .where(
            OneClick.recipient_id == row.recipient_id,
            OneClick.next_at == row.next_at,
            OneClick.state == "telling",
        )
        .execute()
    ]


def _tell(row: OneClick, read: Run, now: int, post: Post) -> str:
    """Post the outcome; empty, or why it was not taken."""

    def look() -> tuple[str, str]:
        token = AccessToken.get_by_id(row.token_id)
        return Recipient.get_by_id(row.recipient_id).number, token.sha256

    number, key = read(look)
    body = body_of(row, number)
    headers = {"Content-Type": "application/x-www-form-urlencoded", **signed(row, body, key, now)}
    status, answer = post(row.callback_url, body, headers)
    if status is None:
        return answer
    return "" if 200 <= status < 300 else f"HTTP {status}"


def body_of(row: OneClick, number: str) -> bytes:
    """What is posted: a form."""
    return urlencode(
        {
            "SendId": row.recipient_id,
            "Number": display(number),
            "Code": row.code,
            "Pressed": row.pressed,
            "Status": row.outcome,
            "Time": (row.ended_at or 0) // 1000,
        }
    ).encode()


def signed(row: OneClick, body: bytes, key_hex: str, now: int) -> dict[str, str]:
    """The headers of Standard Webhooks: id, timestamp, signature."""
    return signing.headers([bytes.fromhex(key_hex)], f"ocv_{row.recipient_id}", now // 1000, body)


def _settle(row: OneClick, error: str, now: int) -> None:
    tries = row.tries + 1
    if not error:
        values: dict[str, Any] = {"state": "told", "error": ""}
    elif tries >= MAX_TRIES:
        values = {"state": "failed", "error": error[:300]}
    else:
        pause = min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1))
        values = {"next_at": now + pause // 2 + int(pause / 2 * random.random()), "error": error[:300]}
    OneClick.update(**values).where(OneClick.recipient_id == row.recipient_id).execute()
    log.info("action=one_click_told send=%d tries=%d error=%r", row.recipient_id, tries, error)
