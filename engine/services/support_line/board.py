"""The data of the wallboard."""

from __future__ import annotations

from dataclasses import dataclass

from engine.services.accounts.permissions import Actor, require
from engine.services.support_line import agents, call_backs, departments, figures, hours, transfers
from engine.services.support_line.figures import Figures
from engine.states import AgentState, SupportCallState
from engine.store.tables.core import Account
from engine.store.tables.support_line import CallBack, SupportAgent, SupportCall


@dataclass(frozen=True, slots=True)
class WaitingCaller:
    """A caller in the queue; `waits_s` since the call joined, `place` 1 is next."""

    call: SupportCall
    account_name: str
    waits_s: int
    place: int


@dataclass(frozen=True, slots=True)
class HandedCall:
    """A call that was handed over `since_s` ago and is answered by nobody yet."""

    call: SupportCall
    account_name: str
    to: str  # a department's name; empty: an agent
    since_s: int


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent, for how long in this state, and the call that runs."""

    agent: SupportAgent
    since_s: int
    call: SupportCall | None
    call_back: CallBack | None


@dataclass(frozen=True, slots=True)
class Board:
    """All of it, at `at`."""

    at: int
    office: hours.OpenHours
    callers: list[WaitingCaller]
    handed: list[HandedCall]  # they are among the answered
    agents: list[AgentRow]
    call_backs: list[CallBack]
    today: Figures
    this_hour: Figures
    is_unattended: bool  # support is open, and no agent who takes callers can be rung
    has_no_telephone: bool  # of these some are signed in, but their telephones are not connected


def board(person: Actor, now: int) -> Board:
    """The wallboard."""
    require(person, "line.view")
    office = hours.office(now)
    signed = agents.signed_in()
    takers = [row for row in signed if departments.takes_callers(row)]
    is_unattended = office.is_open and not any(agents.can_be_rung(row) for row in takers)
    day = figures.day_start(now)
    hour = figures.hour_start(now)
    return Board(
        at=now,
        office=office,
        callers=waiting_callers(now),
        handed=_handed(now),
        agents=[_agent(row, now) for row in signed],
        call_backs=call_backs.open_ones(),
        today=figures.total(day, now + 1, now),
        this_hour=figures.total(hour, now + 1, now),
        is_unattended=is_unattended,
        has_no_telephone=is_unattended and any(row.state == AgentState.AVAILABLE for row in takers),
    )


def waiting_callers(now: int) -> list[WaitingCaller]:
    """Callers in the queue, the next one first."""
    rows = list(
        SupportCall.select()
        .where(SupportCall.state == SupportCallState.WAITING)
        .order_by(SupportCall.place_at, SupportCall.id)
        .limit(200)
    )
    names = _names(rows)
    return [
        WaitingCaller(
            row, names.get(row.account_id or 0, ""), max(0, now - (row.joined_at or now)) // 1000, place
        )
        for place, row in enumerate(rows, start=1)
    ]


def _handed(now: int) -> list[HandedCall]:
    found = transfers.of_nobody()
    names = _names([call for call, _ in found])
    return [
        HandedCall(
            call,
            names.get(call.account_id or 0, ""),
            one.department,
            max(0, now - (one.begun_at or now)) // 1000,
        )
        for call, one in found
    ]


def _names(rows: list[SupportCall]) -> dict[int, str]:
    """Names of the calls' accounts."""
    ids = {row.account_id for row in rows if row.account_id is not None}
    return {row.id: row.name for row in Account.select(Account.id, Account.name).where(Account.id.in_(ids))}


def _agent(row: SupportAgent, now: int) -> AgentRow:
    talking: SupportCall | None = (
        SupportCall.select()
        .where(SupportCall.state == SupportCallState.TALKING, SupportCall.agent_id == row.id)
        .first()
    )
    return AgentRow(row, max(0, now - row.state_since_at) // 1000, talking, call_backs.in_flight_of(row.id))
