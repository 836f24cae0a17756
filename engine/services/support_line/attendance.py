"""Alarms of the support line: nobody takes calls in support hours, or somebody guesses passwords of telephones."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from engine.sentences import Sentence
from engine.services.outbox import deliveries
from engine.services.outbox.wording import bilingual
from engine.services.support_line import agents, departments, figures, hours
from engine.states import AgentState
from engine.store.tables.support_line import SupportAgent

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
GRACE_MS = 120_000  # after the opening, and for a change of shifts


@dataclass(frozen=True, slots=True)
class Nobody:
    """Support is open and no agent of its department can be rung since `since` (ms)."""

    since: int
    is_signed_in: bool  # somebody takes calls, but no telephone of theirs is connected


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


def watch(now: int) -> bool:
    """Alert operators, once an hour while it lasts; whether this run did.  Inside a transaction, repeatable."""
    nobody = nobody_since(now)
    if nobody is None or now - nobody.since < GRACE_MS or not hours.office(now - GRACE_MS).is_open:
        return False
    subject, text = _NO_TELEPHONE if nobody.is_signed_in else _NOBODY
    told = deliveries.to_staff(
        "incidents",
        f"support-line/nobody/{figures.hour_start(now)}",
        subject=bilingual(subject),
        text=bilingual(text),
        now=now,
        roles=("operator", "administrator"),
        is_urgent=True,
    )
    if told:
        log.error("action=support_line_unattended since=%d", nobody.since)
    return bool(told)


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
