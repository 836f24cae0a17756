"""Alarms of the support line: nobody takes calls in support hours, call-backs reach nobody, or somebody guesses
passwords of telephones.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from peewee import JOIN, fn

from engine.sentences import Instant, Sentence
from engine.services.outbox import deliveries
from engine.services.outbox.wording import bilingual
from engine.services.support_line import agents, departments, figures, hours
from engine.services.support_line.call_backs import Evidence
from engine.states import AgentState
from engine.store.tables.support_line import CallBack, CallBackTry, SupportAgent, SupportCall

log = logging.getLogger(__name__)

_NOBODY = (
    Sentence("Support line: nobody is signed in"),
    Sentence("Support is open and no agent takes calls. Callers wait; sign in or call somebody."),
)
_NO_TELEPHONE = (
    Sentence("Support line: no telephone is connected"),
    Sentence(
        "Support is open and agents are signed in, but none of their telephones can be rung by the switch."
        " Callers wait; look at the telephones and their network."
    ),
)
_UNREACHED = (
    Sentence("Support line: call-backs reach nobody"),
    Sentence(
        "The last call-backs, to %(n)s numbers since %(at)s, reached nobody: no telephone was answered, or nobody"
        " pressed 1. Call one of the numbers by another way, and look at the gateway and its sound."
    ),
)
UNREACHED = 3  # callers one after the other: then it is the line's fault, not theirs
LOOKED_AT = 100  # tries, the newest
GRACE_MS = 120_000  # after the opening, and for a change of shifts


@dataclass(frozen=True, slots=True)
class Nobody:
    """Support is open and no agent of its department can be rung since `since` (ms)."""

    since: int
    is_signed_in: bool  # somebody takes calls, but no telephone of theirs is connected


@dataclass(frozen=True, slots=True)
class Unreached:
    """The last call-backs reached nobody: to how many callers, since when (ms)."""

    numbers: int
    since: int


def unreached(now: int) -> Unreached | None:
    """The callers who were rung in vain within the last hour and since somebody pressed 1; None under UNREACHED callers.

    Who asked for call-backs to several numbers is one caller.
    """
    rows: Any = (
        CallBackTry.select(
            CallBackTry.end,
            CallBackTry.talked_at,
            CallBackTry.ended_at,
            fn.COALESCE(fn.NULLIF(SupportCall.number, ""), CallBack.number),
        )
        .join(CallBack, on=(CallBack.id == CallBackTry.call_back_id))
        .join(SupportCall, JOIN.LEFT_OUTER, on=(SupportCall.id == CallBack.call_id))
        .order_by(CallBackTry.id.desc())
        .limit(LOOKED_AT)
        .tuples()
    )
    tries = list(rows)
    since = max([now - figures.HOUR_MS, *(talked_at or 0 for _, talked_at, _, _ in tries)])
    vain = [(at, caller) for end, _, at, caller in tries if end == Evidence.NOT_REACHED and at > since]
    callers = {caller for _, caller in vain}
    return Unreached(len(callers), min(at for at, _ in vain)) if len(callers) >= UNREACHED else None


def nobody_since(now: int) -> Nobody | None:
    """None while somebody can be rung, support is closed, or there are no agents at all."""
    rows = list(SupportAgent.select().where(SupportAgent.is_active == True))  # noqa: E712 - SQL
    rows = [row for row in rows if departments.takes_callers(row)]
    if not rows or any(agents.can_be_rung(row) for row in rows) or not hours.office(now).is_open:
        return None
    available = [row for row in rows if row.state == AgentState.AVAILABLE]
    since = max(
        max(row.state_since_at, row.seen_at) if row in available else row.state_since_at for row in rows
    )
    return Nobody(since, bool(available))


def unattended(now: int) -> Nobody | None:
    """As `nobody_since`, once that has lasted for GRACE_MS of the support hours."""
    nobody = nobody_since(now)
    if nobody is None or now - nobody.since < GRACE_MS or not hours.office(now - GRACE_MS).is_open:
        return None
    return nobody


def watch(now: int) -> bool:
    """Alert operators, once an hour while it lasts; whether this run did.  Inside a transaction, repeatable."""
    told = 0
    nobody = unattended(now)
    if nobody is not None:
        subject, text = _NO_TELEPHONE if nobody.is_signed_in else _NOBODY
        if _tell("nobody", subject, text, now):
            told += 1
            log.error("action=support_line_unattended since=%d", nobody.since)
    lost = unreached(now)
    if lost is not None:
        subject, text = _UNREACHED
        if _tell("unreached", subject, Sentence(text, n=lost.numbers, at=Instant(lost.since)), now):
            told += 1
            log.error("action=support_call_backs_unreached numbers=%d since=%d", lost.numbers, lost.since)
    return bool(told)


def _tell(what: str, subject: Sentence, text: Sentence, now: int) -> int:
    return deliveries.to_staff(
        "incidents",
        f"support-line/{what}/{figures.hour_start(now)}",
        subject=bilingual(subject),
        text=bilingual(text),
        now=now,
        roles=("operator", "administrator"),
        is_urgent=True,
    )


def guessed(network: str, seconds: int, now: int) -> bool:
    """Tell operators that an address tries passwords of agents' telephones and is refused; once an hour a network."""
    told = deliveries.to_staff(
        "incidents",
        f"support-line/guessed/{network}/{figures.hour_start(now)}",
        subject=bilingual(Sentence("Support line: somebody guesses passwords of telephones")),
        text=bilingual(
            Sentence(
                "From %(network)s came wrong passwords of agents' telephones. The address is refused for %(n)s seconds,"
                " longer each time. If it is an office of yours, look for a telephone with an old password.",
                network=network,
                n=seconds,
            )
        ),
        now=now,
        roles=("operator", "administrator"),
    )
    return bool(told)
