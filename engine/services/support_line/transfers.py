"""Transfers of a call to another agent or a department: requested in the web, done once by the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peewee import JOIN, IntegrityError, fn

from engine.errors import BadInput, Conflict
from engine.services.accounts import audit_log
from engine.services.accounts.permissions import Actor, require
from engine.services.support_line import agents, calls, departments
from engine.states import AgentState, SupportCallState
from engine.store.database import db
from engine.store.tables.core import Switch
from engine.store.tables.support_line import SupportAgent, SupportCall, SupportTransfer

RINGS_MS = 25_000  # the telephone of whom a call is handed to: 20 s (dialplan/support/35_transfer.xml) and the way there


@dataclass(frozen=True, slots=True)
class WantedTransfer:
    """A transfer that was requested and is not done."""

    id: int
    uuid: str  # of the caller's channel
    extension: str  # empty: whoever of the department
    department: str


def ask(person: Actor, call_id: int, agent_id: int, now: int) -> None:
    """Hand a call that runs to another agent, whose SIP telephone is rung.

    If it is not answered the caller waits in the queue again, at the place that they had.
    BadInput for an agent who takes no calls, Conflict for a call that is over or is handed over already.
    """
    require(person, "line.work")
    call, to = calls.get(call_id), agents.get(agent_id)
    if to.state != AgentState.AVAILABLE or not to.is_active or to.outside_number or to.id == call.agent_id:
        raise BadInput("%(name)s takes no call on a SIP telephone now.", name=to.name)
    if call.state != SupportCallState.TALKING:
        raise Conflict("The call is over.")
    _write(person, call, now, to.name, agent_id=to.id)


def ask_department(person: Actor, call_id: int, department: str, now: int) -> None:
    """Hand a call that runs to a department: it waits there since it waited first, and before whoever came later.

    Nobody free within three minutes, it waits for everybody again.  BadInput for a department of which nobody
    takes calls, Conflict as in `ask`.
    """
    require(person, "line.work")
    call = calls.get(call_id)
    if department not in departments_open(call):
        raise BadInput("Nobody of this department takes calls now.")
    if call.state != SupportCallState.TALKING:
        raise Conflict("The call is over.")
    _write(person, call, now, department, agent_id=0, department=department)


def _write(person: Actor, call: SupportCall, now: int, to: str, **whom: Any) -> None:
    try:
        with db.atomic():
            SupportTransfer.create(call_id=call.id, asked_by=person.id, asked_at=now, **whom)
    except IntegrityError as error:
        raise Conflict("The call is being handed over already.") from error
    audit_log.record(person.id, call.account_id, "support_call_handed_over", f"call {call.id}", now, "", to)


def wanted(switch_id: int) -> list[WantedTransfer]:
    """What is to be begun on a switch."""
    rows: Any = (
        SupportTransfer.select(
            SupportTransfer.id,
            SupportCall.uuid,
            fn.COALESCE(SupportAgent.extension, ""),
            SupportTransfer.department,
        )
        .join(SupportCall, on=(SupportCall.id == SupportTransfer.call_id))
        .join(SupportAgent, JOIN.LEFT_OUTER, on=(SupportAgent.id == SupportTransfer.agent_id))
        .where(SupportTransfer.begun_at.is_null(), SupportCall.switch_id == switch_id)
        .order_by(SupportTransfer.id)
        .tuples()
    )
    return [WantedTransfer(*row) for row in rows]


def begin(transfer_id: int, now: int) -> bool:
    """Written before it is done; whether this begins it (a repeated one does not).

    The call is nobody's from here until somebody answers it, or it ends (`calls.ended`).
    """
    begins = bool(
        SupportTransfer.update(begun_at=now)
        .where(SupportTransfer.id == transfer_id, SupportTransfer.begun_at.is_null())
        .execute()
    )
    if begins:
        SupportCall.update(agent_id=None).where(
            SupportCall.id == SupportTransfer.get_by_id(transfer_id).call_id,
            SupportCall.state == SupportCallState.TALKING,
        ).execute()
    return begins


def unanswered(switch_id: int) -> list[WantedTransfer]:
    """What was begun on a switch for calls that nobody has answered since."""
    return [
        WantedTransfer(one.id, call.uuid, _extension_of(one.agent_id), one.department)
        for call, one in of_nobody()
        if call.switch_id == switch_id
    ]


def _extension_of(agent_id: int) -> str:
    agent = SupportAgent.get_or_none(SupportAgent.id == agent_id)
    return "" if agent is None else str(agent.extension)


def on_agents(now: int) -> dict[int, bool]:
    """The agents whose telephone rings for a call that was handed to them, or who talk in one (True), by id.

    The queue does not know of these calls: it takes the agents for free.  A switch that is away says no end of its calls,
    and may be replaced by another: they hold nobody.
    """
    newest = SupportTransfer.select(fn.MAX(SupportTransfer.id)).group_by(SupportTransfer.call_id)
    rows: Any = (
        SupportTransfer.select(SupportTransfer.agent_id, SupportCall.agent_id, SupportTransfer.begun_at)
        .join(SupportCall, on=(SupportCall.id == SupportTransfer.call_id))
        .join(Switch, on=(Switch.id == SupportCall.switch_id))
        .where(
            Switch.state == "up",
            SupportTransfer.id.in_(newest.where(SupportTransfer.call_id == SupportCall.id)),
            SupportTransfer.begun_at.is_null(False),
            SupportTransfer.agent_id != 0,
            SupportCall.state == SupportCallState.TALKING,
        )
        .tuples()
    )
    found: dict[int, bool] = {}
    for to, talks, begun_at in rows:
        if to == talks or now - begun_at < RINGS_MS:  # not answered, the caller is in the queue again
            found[int(to)] = found.get(int(to), False) or to == talks
    return found


def of_nobody() -> list[tuple[SupportCall, SupportTransfer]]:
    """The calls that were handed over and that nobody has answered yet, the longest wait first."""
    newest = SupportTransfer.select(fn.MAX(SupportTransfer.id)).group_by(SupportTransfer.call_id)
    calls_there = SupportCall.select().where(
        SupportCall.state == SupportCallState.TALKING, SupportCall.agent_id.is_null()
    )
    rows = {row.id: row for row in calls_there}
    handed = SupportTransfer.select().where(
        SupportTransfer.id.in_(newest.where(SupportTransfer.call_id.in_(list(rows))))
    )
    return [(rows[one.call_id], one) for one in handed.order_by(SupportTransfer.begun_at)]


def takers(call: SupportCall) -> list[SupportAgent]:
    """The agents to whom a call can be handed now."""
    return [
        row
        for row in agents.signed_in()
        if row.state == AgentState.AVAILABLE and not row.outside_number and row.id != call.agent_id
    ]


def departments_open(call: SupportCall) -> list[str]:
    """The departments of which somebody else than who talks takes calls now."""
    rows = [
        row for row in agents.signed_in() if row.state == AgentState.AVAILABLE and row.id != call.agent_id
    ]
    there = {name for row in rows for name in departments.of(row)}
    return [name for name in departments.TITLES if name in there]
