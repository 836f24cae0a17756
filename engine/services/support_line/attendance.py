"""Alarms of the support line: nobody takes calls in support hours, or somebody guesses passwords of telephones."""

from __future__ import annotations

import logging

from engine.sentences import Sentence
from engine.services.outbox import deliveries
from engine.services.outbox.wording import bilingual
from engine.services.support_line import departments, figures, hours
from engine.states import AgentState
from engine.store.tables.support_line import SupportAgent

log = logging.getLogger(__name__)

GRACE_MS = 120_000  # after the opening, and for a change of shifts


def nobody_since(now: int) -> int | None:
    """Since when nobody takes calls although support is open; None while somebody does, or there are no agents at all."""
    rows = list(SupportAgent.select().where(SupportAgent.is_active == True))  # noqa: E712 - SQL
    rows = [row for row in rows if departments.takes_callers(row)]
    if not rows or any(row.state == AgentState.AVAILABLE for row in rows) or not hours.office(now).is_open:
        return None
    return max(row.state_since_at for row in rows)


def watch(now: int) -> bool:
    """Alert operators, once an hour while it lasts; whether this run did.  Inside a transaction, repeatable."""
    since = nobody_since(now)
    if since is None or now - since < GRACE_MS or not hours.office(now - GRACE_MS).is_open:
        return False
    told = deliveries.to_staff(
        "incidents",
        f"support-line/nobody/{figures.hour_start(now)}",
        subject=bilingual(Sentence("Support line: nobody is signed in")),
        text=bilingual(
            Sentence("Support is open and no agent takes calls. Callers wait; sign in or call somebody.")
        ),
        now=now,
        roles=("operator", "administrator"),
        is_urgent=True,
    )
    if told:
        log.error("action=support_line_unattended since=%d", since)
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
