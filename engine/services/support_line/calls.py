"""The calls that came in: each step is a conditional update by the channel's uuid, so that repeating it changes nothing.

arrived → waiting → talking → answered
                  → abandoned | call_back (→ waiting, when the number was not confirmed after all)
arrived → left
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.errors import BadInput, Conflict, NotFound
from engine.services.accounts.permissions import Actor, require
from engine.services.support_line import QUEUE, callers, hours
from engine.services.tickets import tickets
from engine.states import OPEN_CALL_BACKS, CallBackState, SupportCallState, TicketState
from engine.store.tables.core import Account
from engine.store.tables.support import Ticket
from engine.store.tables.support_line import CallBack, SupportAgent, SupportCall, SupportTransfer

log = logging.getLogger(__name__)

OPEN_STATES = (SupportCallState.ARRIVED, SupportCallState.WAITING, SupportCallState.TALKING)
MAX_NOTES = 4_000
RANG_AGAIN = "rang_again"  # why a call-back was dropped
OWED_AGAIN_MS = 86_400_000  # it is owed again when that call ends unanswered, within this time


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the dialplan is told about a call that came."""

    call: SupportCall
    office: hours.OpenHours


def came(uuid: str, switch_id: int, core_uuid: str, digits: str, now: int) -> Arrival:
    """Note an incoming call; repeated, it returns the same call."""
    caller = callers.recognise(digits)
    office = hours.office(now)
    SupportCall.insert(
        uuid=uuid,
        switch_id=switch_id,
        core_uuid=core_uuid,
        queue=QUEUE,
        number=caller.number,
        account_id=caller.account_id,
        language=caller.language,
        in_hours=office.is_open,
        came_at=now,
    ).on_conflict_ignore().execute()
    call = SupportCall.get(SupportCall.uuid == uuid)
    return Arrival(call, office)


def joined(uuid: str, now: int) -> SupportCall | None:
    """Note that a call joined the queue.  A caller with an open call-back gets its place, and the call-back is cancelled."""
    call = of_uuid(uuid)
    if call is None:
        return None
    place_at = call.place_at or now
    owed = _owed(call)
    if owed is not None:
        dropped = (
            CallBack.update(state=CallBackState.CANCELLED, reason=RANG_AGAIN, ended_at=now)
            .where(CallBack.id == owed.id, CallBack.state == CallBackState.WAITING)
            .execute()
        )
        if dropped:
            place_at = min(place_at, owed.place_at)
            log.info("action=call_back_dropped call_back=%d call=%d", owed.id, call.id)
    SupportCall.update(
        state=SupportCallState.WAITING,
        joined_at=call.joined_at or now,
        place_at=place_at,
        ended_at=None,
    ).where(
        SupportCall.id == call.id,
        # CALL_BACK: it was taken down too late for the dialplan, which has sent the caller back into the queue.
        SupportCall.state.in_(
            [SupportCallState.ARRIVED, SupportCallState.WAITING, SupportCallState.CALL_BACK]
        ),
    ).execute()
    return of_uuid(uuid)


def offered(uuids: Sequence[str], now: int) -> None:
    """A call-back was offered to callers in the queue."""
    SupportCall.update(asked_at=now).where(
        SupportCall.uuid.in_(uuids), SupportCall.asked_at.is_null()
    ).execute()


def answered(uuid: str, extension: str, now: int) -> None:
    """An agent talks to the caller; a further one does when the call was handed over."""
    agent = SupportAgent.get_or_none(SupportAgent.extension == extension)
    if agent is not None:
        SupportCall.update(agent_id=agent.id).where(
            SupportCall.uuid == uuid, SupportCall.state == SupportCallState.TALKING
        ).execute()
    SupportCall.update(
        state=SupportCallState.TALKING, answered_at=now, agent_id=None if agent is None else agent.id
    ).where(SupportCall.uuid == uuid, SupportCall.state == SupportCallState.WAITING).execute()


def ended(uuid: str, now: int) -> None:
    """Note that the caller's channel has ended."""
    for old, new in (
        (SupportCallState.ARRIVED, SupportCallState.LEFT),
        (SupportCallState.WAITING, SupportCallState.ABANDONED),
        (SupportCallState.TALKING, SupportCallState.ANSWERED),
    ):
        moved = (
            SupportCall.update(state=new, ended_at=now)
            .where(SupportCall.uuid == uuid, SupportCall.state == old)
            .execute()
        )
        if moved and new == SupportCallState.ABANDONED:
            _owe_again(uuid, now)
        elif moved and new == SupportCallState.ANSWERED:
            _who_talked(uuid)


def _who_talked(uuid: str) -> None:
    """A call that ended while nobody had it, since it was handed over, was the agent's who handed it over."""
    handed_by = (
        SupportTransfer.select(SupportAgent.id)
        .join(SupportAgent, on=(SupportAgent.person_id == SupportTransfer.asked_by))
        .where(SupportTransfer.call_id == SupportCall.id)
        .order_by(SupportTransfer.id.desc())
        .limit(1)
    )
    SupportCall.update(agent_id=handed_by).where(
        SupportCall.uuid == uuid, SupportCall.agent_id.is_null()
    ).execute()


def _owe_again(uuid: str, now: int) -> None:
    """A call that took over a call-back's place has ended unanswered: the call-back is owed as before.

    A shown number can be forged: whoever rings under another's number must not take their call-back off.
    """
    call = SupportCall.get(SupportCall.uuid == uuid)
    of_number = (CallBack.queue == call.queue) & (CallBack.number == call.number)
    last = CallBack.select().where(of_number).order_by(CallBack.id.desc()).first() if call.number else None
    if last is None or last.state != CallBackState.CANCELLED or last.reason != RANG_AGAIN:
        return
    if (last.ended_at or 0) < now - OWED_AGAIN_MS:
        return
    served_or_here = SupportCall.select().where(
        SupportCall.number == call.number,
        SupportCall.state.in_(OPEN_STATES) | (SupportCall.answered_at >= last.ended_at),
    )
    if served_or_here.exists():
        return
    CallBack.update(state=CallBackState.WAITING, reason="", ended_at=None, next_at=now).where(
        CallBack.id == last.id, CallBack.state == CallBackState.CANCELLED
    ).execute()
    log.info("action=call_back_owed_again call_back=%d call=%d", last.id, call.id)


def open_of(switch_id: int) -> set[str]:
    """Channels of a switch's calls that have not ended in the store."""
    rows = SupportCall.select(SupportCall.uuid).where(
        SupportCall.switch_id == switch_id, SupportCall.state.in_(OPEN_STATES)
    )
    return {str(row.uuid) for row in rows}


def end_those_gone(switch_id: int, alive: Iterable[str], served: Iterable[str], now: int) -> int:
    """The switch was asked which calls it has: the others of ours have ended while nobody listened; how many.

    Those of `served` were put through to an agent; when, and to whom, nobody knows: they count as answered now, also
    those of whom nobody heard that they joined the queue.
    """
    gone = open_of(switch_id) - set(alive)
    for uuid in gone:
        if uuid in set(served):
            joined(uuid, now)
            answered(uuid, "", now)
        ended(uuid, now)
    return len(gone)


def of_uuid(uuid: str) -> SupportCall | None:
    """The call of a channel, or None."""
    row: SupportCall | None = SupportCall.get_or_none(SupportCall.uuid == uuid)
    return row


def get(call_id: int) -> SupportCall:
    """A call; NotFound."""
    row: SupportCall | None = SupportCall.get_or_none(SupportCall.id == call_id)
    if row is None:
        raise NotFound("There is no call %(id)s.", id=call_id)
    return row


def _owed(call: SupportCall) -> CallBack | None:
    if not call.number:
        return None
    row: CallBack | None = CallBack.get_or_none(
        CallBack.queue == call.queue, CallBack.number == call.number, CallBack.state.in_(OPEN_CALL_BACKS)
    )
    return row


# -- what agents do -----------------------------------------------------------------------


def note(person: Actor, call_id: int, text: str) -> None:
    """Keep what an agent notes about a call; it replaces what was noted before."""
    require(person, "line.work")
    get(call_id)
    SupportCall.update(notes=_notes(text), noted_by=person.id).where(SupportCall.id == call_id).execute()


def ticket_of_call(
    person: Actor,
    call_id: int,
    now: int,
    *,
    account_id: int | None = None,
    department: str,
    subject: str,
    text: str,
) -> int:
    """Open a ticket from a call (once: asked again it gives the same), for the caller's account or the one told; its id."""
    require(person, "line.work")
    call = get(call_id)
    account = account_id or call.account_id
    if account is None:
        raise BadInput("The caller's account is not known; choose one.")
    ticket_id = tickets.open_ticket(
        person, account, department, subject, text, now, via="telephone", key=f"call/{call.uuid}"
    )
    _link(call, ticket_id, account)
    return ticket_id


def continue_ticket(person: Actor, call_id: int, ticket_id: int, text: str, now: int) -> None:
    """Link a call to an existing ticket, and write an internal note into it."""
    require(person, "line.work")
    call = get(call_id)
    ticket = Ticket.get_or_none(Ticket.id == ticket_id)
    if ticket is None:
        raise NotFound("There is no ticket %(id)s.", id=ticket_id)
    if call.account_id is not None and ticket.account_id != call.account_id:
        raise Conflict("Ticket %(id)s is another account's.", id=ticket_id)
    if text.strip():
        tickets.reply(person, ticket_id, text, now, internal=True)
    _link(call, ticket_id, ticket.account_id)


def _link(call: SupportCall, ticket_id: int, account_id: int) -> None:
    SupportCall.update(ticket_id=ticket_id, account_id=call.account_id or account_id).where(
        SupportCall.id == call.id
    ).execute()


def _notes(text: str) -> str:
    text = text.replace("\x00", "").strip()
    if len(text) > MAX_NOTES:
        raise BadInput("The text has more than %(n)s characters.", n=MAX_NOTES)
    return text


# -- who it is ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dossier:
    """What an agent sees about a caller during the call."""

    call: SupportCall
    account: Account | None
    open_tickets: list[Ticket]
    last_calls: list[SupportCall]
    call_backs: list[CallBack]


def dossier(person: Actor, call_id: int) -> Dossier:
    """The caller of a call, with the account's open tickets and last calls, and the number's while nobody knew it."""
    require(person, "line.view")
    call = get(call_id)
    account = Account.get_or_none(Account.id == call.account_id) if call.account_id else None
    open_tickets = (
        list(
            Ticket.select()
            .where(Ticket.account_id == call.account_id, Ticket.state != TicketState.CLOSED)
            .order_by(Ticket.id.desc())
            .limit(20)
        )
        if call.account_id
        else []
    )
    whose = SupportCall.number == call.number
    if call.account_id:
        known_later = whose & SupportCall.account_id.is_null() & (SupportCall.number != "")
        whose = (SupportCall.account_id == call.account_id) | known_later
    known = bool(call.account_id or call.number)
    last = (
        list(
            SupportCall.select()
            .where(whose, SupportCall.id != call.id)
            .order_by(SupportCall.came_at.desc())
            .limit(10)
        )
        if known
        else []
    )
    backs = (
        list(CallBack.select().where(CallBack.number == call.number).order_by(CallBack.id.desc()).limit(5))
        if call.number
        else []
    )
    return Dossier(call, account, open_tickets, last, backs)


def current_of(agent_id: int) -> SupportCall | None:
    """The call that an agent is on, or None."""
    row: SupportCall | None = (
        SupportCall.select()
        .where(SupportCall.state == SupportCallState.TALKING, SupportCall.agent_id == agent_id)
        .order_by(SupportCall.answered_at.desc())
        .first()
    )
    return row


def recent(limit: int = 50, before_id: int | None = None) -> list[SupportCall]:
    """Calls, the newest first."""
    query = SupportCall.select().order_by(SupportCall.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(SupportCall.id < before_id)
    return list(query)


def places() -> dict[str, int]:
    """Since when each caller in the queue counts as waiting, by channel."""
    rows = SupportCall.select(SupportCall.uuid, SupportCall.place_at).where(
        SupportCall.state == SupportCallState.WAITING
    )
    return {row.uuid: int(row.place_at or 0) for row in rows}


def live_ones() -> set[str]:
    """Channels of calls that have not ended, as far as we know."""
    rows = SupportCall.select(SupportCall.uuid).where(SupportCall.ended_at.is_null())
    return {str(row.uuid) for row in rows}
