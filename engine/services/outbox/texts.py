"""Text messages that follow calls: which outcome of a campaign is followed by which text, and their sending.

A text is written in the transaction that ends its recipient, one for a recipient by its key.  It is marked as being
sent, charged, and committed, before the provider hears of it; when nobody can say whether it was taken (a crash, a
time-out), it is `unknown` and is not sent again: no text is better than two.  What was surely not taken is tried again
for a day.  What was refused, or nobody can say of, costs nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from smpplib import gsm

from engine.errors import BadInput
from engine.sentences import kept
from engine.services.accounts import accounts, permissions
from engine.services.money import ledger, pricing
from engine.services.money.ledger import NoCredit
from engine.services.outbox import text_receipts
from engine.states import Disposition, RecipientState
from engine.store.ledger import REVENUE
from engine.store.settles import Settle
from engine.store.sql import execute
from engine.store.tables.core import Recipient
from engine.store.tables.texts import TextMessage, TextRule

log = logging.getLogger(__name__)

SUCCESS, ANSWERED, BUSY, NO_ANSWER, FAIL = "success", "answered", "busy", "no_answer", "fail"
OUTCOMES = (SUCCESS, ANSWERED, BUSY, NO_ANSWER, FAIL)
LONGEST = 1_000  # characters of a text
AT_ONCE = 100
TIMEOUT_S = 10.0  # which a carrier has to answer
GIVEN_UP_MS = 300_000  # of one that is being sent for so long: its sender is gone
DAY_MS = 86_400_000
FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 10_000, 3_600_000
LOOK_MS = 1_000

Run = Callable[[Callable[[], Any]], Any]


@dataclass(frozen=True, slots=True)
class TextWanted:
    """A text for an outcome."""

    outcome: str
    text: str
    line: str = ""
    may_change_line: bool = False


@dataclass(frozen=True, slots=True)
class TextSent:
    """What a provider made of one text: `taken`, `refused` (for good), `later` (surely not taken), or `unknown`."""

    recipient_id: int
    what: str
    provider_id: str = ""
    error: str = ""  # as it is kept: a sentence of ours, or the provider's word
    part_ids: tuple[str, ...] = ()  # by which receipts name its parts


class TextCarrier(Protocol):
    """Whoever carries texts.  Blocks on the network."""

    lines: tuple[str, ...]

    def send(self, items: Sequence[TextMessage]) -> Iterator[TextSent]: ...


def line_of(item: TextMessage, carrier: TextCarrier) -> str:
    """Whom a text comes from."""
    return item.line or carrier.lines[0]


def allow(account_id: int, campaign_id: int, wanted: Sequence[TextWanted], lines: Sequence[str]) -> None:
    """Inside a write: have these texts follow the campaign's calls.

    Raises SendingRefused without the permission, BadInput for texts that cannot be: an outcome that is
    none or comes twice, an empty or too long text, a line that is none of the installation's.
    """
    accounts.require_grant(account_id, permissions.TEXTS)
    check(wanted, lines)
    for each in wanted:
        TextRule.create(
            campaign_id=campaign_id,
            outcome=each.outcome,
            text=each.text.strip(),
            line=each.line if each.line in lines else "",
            may_change_line=each.may_change_line,
        )


def check(wanted: Sequence[TextWanted], lines: Sequence[str]) -> None:
    """Raise BadInput for texts that cannot be, as `allow` does."""
    seen: set[str] = set()
    for each in wanted:
        if each.outcome not in OUTCOMES or each.outcome in seen:
            raise BadInput("A text belongs to one of %(known)s, once.", known=list(OUTCOMES))
        if not each.text.strip() or len(each.text) > LONGEST:
            raise BadInput("A text has 1 to %(most)s characters.", most=LONGEST)
        if each.line and each.line not in lines and not each.may_change_line:
            raise BadInput("Texts cannot be sent from the line %(line)s.", line=each.line)
        seen.add(each.outcome)


def of_campaign(campaign_id: int) -> dict[str, str]:
    """The texts that follow a campaign's calls, by outcome; inside a connection."""
    found = {row.outcome: row.text for row in TextRule.select().where(TextRule.campaign_id == campaign_id)}
    return {outcome: found[outcome] for outcome in OUTCOMES if outcome in found}


def wanted_of(by_outcome: Mapping[str, str]) -> list[TextWanted]:
    """Texts by outcome, sent from the installation's usual line."""
    return [TextWanted(outcome, text) for outcome, text in by_outcome.items()]


def most_parts(texts: Iterable[str]) -> int:
    """The parts of the longest: a number is sent one text at most.  0: there is none."""
    return max(map(parts_of, texts), default=0)


def parts_of(text: str) -> int:
    """Of how many parts carriers make a text: 160 or 70 characters, a little less where there are several."""
    return len(gsm.make_parts(text)[0])


def outcome_of(state: str, disposition: str) -> str:
    """The outcome of a recipient who has ended; empty when there is none to tell of."""
    if state == RecipientState.DELIVERED:
        return SUCCESS
    if state != RecipientState.EXHAUSTED:
        return ""
    if disposition == Disposition.ANSWERED:
        return ANSWERED
    if disposition in (Disposition.BUSY, Disposition.REJECTED):
        return BUSY
    return NO_ANSWER if disposition == Disposition.NO_ANSWER else FAIL


class Following:
    """The hook of the settler.  Installations without texts pay one look a second."""

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self._looked_at = 0
        self._accounts: dict[int, int] = {}  # of campaigns with texts

    def settled(self, won: Sequence[Settle]) -> None:
        """Write the texts of the recipients who ended just now; mobiles only."""
        now = self._clock_ms()
        if now - self._looked_at >= LOOK_MS:
            rows = execute("SELECT DISTINCT t.campaign_id, c.account_id FROM text_rule t JOIN campaign c ON c.id = t.campaign_id"
                           " WHERE c.state NOT IN ('finished', 'stopped') OR c.finished_at > ?", [now - DAY_MS])  # fmt: skip
            self._accounts, self._looked_at = {int(row[0]): int(row[1] or 0) for row in rows}, now
        ended = {
            item.recipient_id: (item.campaign_id, outcome)
            for item in won
            if item.campaign_id in self._accounts
            and (outcome := outcome_of(item.next_state, item.disposition))
        }
        if ended:
            _write(ended, self._accounts, now)


def _write(ended: Mapping[int, tuple[int, str]], account_of: Mapping[int, int], now: int) -> None:
    rules = {
        (rule.campaign_id, rule.outcome): rule
        for rule in TextRule.select().where(TextRule.campaign_id.in_({each[0] for each in ended.values()}))
    }
    mobiles = Recipient.select(Recipient.id, Recipient.number).where(
        Recipient.id.in_(list(ended)), Recipient.is_mobile
    )
    rows = [
        {
            "recipient_id": row.id,
            "campaign_id": rule.campaign_id,
            "account_id": account_of[rule.campaign_id],
            "number": row.number,
            "text": rule.text,
            "parts": parts_of(rule.text),
            "line": rule.line,
            "may_change_line": rule.may_change_line,
            "next_at": now,
            "created_at": now,
        }
        for row in mobiles
        if (rule := rules.get(ended[row.id])) is not None
    ]
    if rows:
        TextMessage.insert_many(rows).on_conflict_ignore().execute()


def step(provider: TextCarrier, now: int, read: Run, write: Run) -> int:
    """Send what is due; how many were taken.  No transaction around it."""
    if not read(lambda: _due(now).exists()):
        return 0
    write(lambda: _give_up(now))
    taken = 0
    items = write(lambda: _claim(now))
    for sent in provider.send(items) if items else ():
        write(partial(_settle, sent, now))
        taken += sent.what == "taken"
    return taken


def _due(now: int) -> Any:
    return TextMessage.select().where(
        TextMessage.state.in_(("waiting", "sending")), TextMessage.next_at <= now
    )


def _give_up(now: int) -> None:
    """Whoever was sending these is gone: nobody knows whether they were taken."""
    for row in TextMessage.select().where(TextMessage.state == "sending", TextMessage.next_at <= now):
        sent = TextSent(row.recipient_id, "unknown", error=kept("the sending was interrupted"))
        _settle(sent, now)


def _claim(now: int) -> list[TextMessage]:
    rows = TextMessage.select().where(TextMessage.state == "waiting", TextMessage.next_at <= now)
    return [
        row
        for row in rows.order_by(TextMessage.next_at).limit(AT_ONCE)
        if TextMessage.update(state="sending", next_at=now + GIVEN_UP_MS, tries=TextMessage.tries + 1)
        .where(TextMessage.recipient_id == row.recipient_id, TextMessage.state == "waiting")
        .execute()
        and _pay(row, now)
    ]


def _pay(row: TextMessage, now: int) -> bool:
    """Charge a text before its first try; without credit it waits, as for a provider that is not there."""
    if row.price or not row.account_id:
        return True
    price = row.parts * pricing.price_of(row.account_id, now).text_part
    if not price:
        return True
    key = f"text/{row.recipient_id}"
    try:
        ledger.spend(row.account_id, price, "text", key, REVENUE, now, campaign_id=row.campaign_id)
    except NoCredit:
        _settle(TextSent(row.recipient_id, "later", error=kept("the credit is not enough")), now)
        return False
    TextMessage.update(price=price).where(TextMessage.recipient_id == row.recipient_id).execute()
    return True


def _settle(sent: TextSent, now: int) -> None:
    row = TextMessage.get_by_id(sent.recipient_id)
    values: dict[str, Any] = {"error": sent.error[:300], "provider_id": sent.provider_id[:100]}
    if sent.what == "refused" and row.may_change_line and row.line:
        values |= {"state": "waiting", "line": "", "next_at": now}
    elif sent.what == "later" and now - row.created_at < DAY_MS:
        pause = min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** min(max(0, row.tries - 1), 10))
        values |= {"state": "waiting", "next_at": now + pause}
    else:
        state = {"taken": "sent", "unknown": "unknown"}.get(sent.what, "failed")
        values |= {"state": state, "ended_at": now}
    won = TextMessage.update(**values).where(
        TextMessage.recipient_id == sent.recipient_id, TextMessage.state == "sending"
    )
    if not won.execute():
        return
    if values["state"] in ("failed", "unknown") and not row.receipt:
        text_receipts.refund(sent.recipient_id, now)
    text_receipts.note_parts(sent.recipient_id, sent.part_ids, now)
    log.info("action=text recipient=%d what=%s tries=%d", sent.recipient_id, sent.what, row.tries)
