"""Call-backs: calls promised to callers, and the tries to place them.

waiting → taken → done | waiting (a further try) | missed (it became a ticket)
waiting → cancelled (the caller rang again, or staff took it off)

Each step is written and committed before it is acted on: `take` writes a try with the uuids of both
channels, and only then is a telephone rung.  A try is settled once, by what the switch says of it (`Evidence`): its events, or
after a crash its own book (dialplan/support/70_call_back.xml writes «rung» and «talked» there).
"""

from __future__ import annotations

import logging
import uuid as uuids
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from peewee import IntegrityError

from engine.errors import BadInput, Conflict, NotFound
from engine.sentences import Sentence
from engine.services.accounts import accounts, audit_log
from engine.services.accounts.permissions import Actor, require
from engine.services.numbering.numbers import display
from engine.services.outbox.wording import bilingual
from engine.services.support_line import QUEUE, agents, call_back_limits, expectation, hours
from engine.services.support_line.settings import LineSettings, current
from engine.services.tickets import tickets
from engine.states import OPEN_CALL_BACKS, CallBackState, SupportCallState
from engine.store.database import db
from engine.store.tables.support_line import CallBack, CallBackTry, SupportAgent, SupportCall

log = logging.getLogger(__name__)


class Evidence(StrEnum):
    """How far a try came, according to the switch."""

    NOT_PLACED = "not_placed"  # the switch never had it
    AGENT_AWAY = "agent_away"  # the agent's telephone was not answered
    NOT_REACHED = "not_reached"  # the caller's telephone rang, nobody pressed 1
    TALKED = "talked"


@dataclass(frozen=True, slots=True)
class Placing:
    """A try that is stored and is to be placed now."""

    try_id: int
    uuid: str
    caller_uuid: str
    number: str
    language: str
    extension: str
    outside_number: str  # of the agent; empty: the SIP telephone


# -- asked for ----------------------------------------------------------------------------


def register(call_uuid: str, number: str, now: int) -> int:
    """A caller in the queue keeps a number and leaves; the call-back's id.  Asked again it updates the first.

    The place is the caller's own, or that of an open call-back of the number, whichever is earlier.  Conflict when the
    number may not be rung (any more today).
    """
    call = SupportCall.get_or_none(SupportCall.uuid == call_uuid)
    if call is None:
        raise NotFound("There is no call %(id)s.", id=call_uuid)
    if call.call_back_id is None and not call_back_limits.may_be_rung(call.number, number, now):
        raise Conflict("No further call-back to this number can be asked for today.")
    place_at = call.place_at or now
    promise = expectation.of_place(place_at, now).wait_s if call.place_at else None
    found = CallBack.get_or_none(
        CallBack.queue == call.queue, CallBack.number == number, CallBack.state.in_(OPEN_CALL_BACKS)
    )
    if found is None:
        found = CallBack.create(
            queue=call.queue,
            number=number,
            account_id=call.account_id,
            language=call.language,
            call_id=call.id,
            place_at=place_at,
            asked_at=now,
            promised_s=promise,
            next_at=now,
        )
        log.info("action=call_back_registered call_back=%d call=%d", found.id, call.id)
    elif found.call_id != call.id:
        CallBack.update(
            call_id=call.id,
            language=call.language,
            account_id=found.account_id or call.account_id,
            place_at=min(found.place_at, place_at),
            asked_at=now,
            next_at=min(found.next_at, now),
        ).where(CallBack.id == found.id).execute()
    SupportCall.update(state=SupportCallState.CALL_BACK, call_back_id=found.id, ended_at=now).where(
        SupportCall.id == call.id, SupportCall.state == SupportCallState.WAITING
    ).execute()
    SupportCall.update(call_back_id=found.id).where(SupportCall.id == call.id).execute()
    return int(found.id)


# -- placed -------------------------------------------------------------------------------


def due(now: int, limit: int = 50) -> list[CallBack]:
    """Call-backs that may be tried now, the earliest place first; none outside support hours.

    Left out are those whose caller is in the queue or talks to us at this moment.
    """
    if not hours.office(now).is_open:
        return []
    here = SupportCall.select(SupportCall.number).where(
        SupportCall.state.in_([SupportCallState.WAITING, SupportCallState.TALKING])
    )
    return list(
        CallBack.select()
        .where(
            CallBack.queue == QUEUE,
            CallBack.state == CallBackState.WAITING,
            CallBack.next_at <= now,
            CallBack.number.not_in(here),
        )
        .order_by(CallBack.place_at, CallBack.id)
        .limit(limit)
    )


def take(free: Sequence[int], switch_id: int, core_uuid: str, now: int) -> list[Placing]:
    """Write a try for each of the free agents, as far as call-backs are due; what is to be placed when this is committed.

    Unique indexes prevent a second try of a call-back or of an agent.
    """
    taken = []
    for agent_id, row in zip(free, due(now, len(free)), strict=False):
        agent = SupportAgent.get_by_id(agent_id)
        changed = (
            CallBack.update(state=CallBackState.TAKEN)
            .where(CallBack.id == row.id, CallBack.state == CallBackState.WAITING)
            .execute()
        )
        if not changed:
            continue
        try:
            with db.atomic():
                made = CallBackTry.create(
                    uuid=str(uuids.uuid4()),
                    caller_uuid=str(uuids.uuid4()),
                    call_back_id=row.id,
                    agent_id=agent_id,
                    switch_id=switch_id,
                    core_uuid=core_uuid,
                    begun_at=now,
                )
        except IntegrityError:  # the agent is on another try
            CallBack.update(state=CallBackState.WAITING).where(CallBack.id == row.id).execute()
            continue
        taken.append(
            Placing(
                int(made.id),
                made.uuid,
                made.caller_uuid,
                row.number,
                row.language,
                agent.extension,
                agent.outside_number,
            )
        )
    return taken


def open_tries(switch_id: int | None = None) -> list[CallBackTry]:
    """Tries that have not been settled, of a switch or of all."""
    query = CallBackTry.select().where(CallBackTry.ended_at.is_null())
    if switch_id is not None:
        query = query.where(CallBackTry.switch_id == switch_id)
    return list(query)


def rung(caller_uuid: str, now: int) -> None:
    """Note that the caller's telephone rings."""
    row = CallBackTry.get_or_none(CallBackTry.caller_uuid == caller_uuid)
    if row is None:
        return
    CallBackTry.update(rung_at=now).where(CallBackTry.id == row.id, CallBackTry.rung_at.is_null()).execute()
    CallBack.update(first_rung_at=now).where(
        CallBack.id == row.call_back_id, CallBack.first_rung_at.is_null()
    ).execute()


def talked(uuid: str, now: int) -> bool:
    """The caller pressed 1 and talks: the call-back is done, whatever happens next; whether that was new.  `uuid` of
    either channel.
    """
    row = CallBackTry.get_or_none((CallBackTry.caller_uuid == uuid) | (CallBackTry.uuid == uuid))
    if row is None:
        return False
    CallBackTry.update(talked_at=now).where(
        CallBackTry.id == row.id, CallBackTry.talked_at.is_null()
    ).execute()
    return bool(
        CallBack.update(state=CallBackState.DONE, reason="talked", ended_at=now, agent_id=row.agent_id)
        .where(CallBack.id == row.call_back_id, CallBack.state == CallBackState.TAKEN)
        .execute()
    )


def settle(uuid: str, evidence: Evidence, now: int) -> bool:
    """End a try by what the switch says of it; whether this settled it (the first settle wins)."""
    row = CallBackTry.get_or_none(CallBackTry.uuid == uuid)
    if row is None:
        return False
    if row.talked_at is not None:
        evidence = Evidence.TALKED
    elif evidence is Evidence.TALKED:
        talked(uuid, now)
    elif row.rung_at is not None:
        evidence = Evidence.NOT_REACHED
    won = (
        CallBackTry.update(ended_at=now, end=evidence)
        .where(CallBackTry.id == row.id, CallBackTry.ended_at.is_null())
        .execute()
    )
    if not won:
        return False
    log.info("action=call_back_try_ended call_back=%d try=%d end=%s", row.call_back_id, row.id, evidence)
    if evidence is not Evidence.TALKED:
        _go_on(row, evidence, current(), now)
    return True


def _go_on(row: CallBackTry, evidence: Evidence, rules: LineSettings, now: int) -> None:
    """Decide what follows a try in which nobody talked."""
    back = CallBack.get_by_id(row.call_back_id)
    if evidence is Evidence.NOT_REACHED:
        tries = back.tries + 1
        if tries >= rules.call_back_tries:
            _missed(back, tries, now)
            return
        values = {"tries": tries, "next_at": now + rules.call_back_pause_s * 1000}
    elif evidence is Evidence.AGENT_AWAY:
        _pause_if_away(row.agent_id, rules, now)
        values = {"next_at": now + rules.call_back_again_s * 1000}
    else:
        values = {"next_at": now}
    CallBack.update(state=CallBackState.WAITING, **values).where(
        CallBack.id == back.id, CallBack.state == CallBackState.TAKEN
    ).execute()


def _pause_if_away(agent_id: int, rules: LineSettings, now: int) -> None:
    """Pause an agent who did not answer several times in a row: callers would wait for them."""
    last = list(
        CallBackTry.select(CallBackTry.end)
        .where(CallBackTry.agent_id == agent_id, CallBackTry.ended_at.is_null(False))
        .order_by(CallBackTry.id.desc())
        .limit(rules.max_no_answer)
    )
    if len(last) == rules.max_no_answer and all(each.end == Evidence.AGENT_AWAY for each in last):
        agents.pause_unanswering(SupportAgent.get_by_id(agent_id).extension, now)


def _missed(back: CallBack, tries: int, now: int) -> None:
    """Replace a call-back whose tries are used up by a ticket, whose clock runs from now."""
    words = bilingual(
        Sentence(
            "We called %(number)s back %(n)s times and reached nobody. Please write when we may call.",
            number=display(back.number),
            n=tries,
        )
    )
    subjects = bilingual(Sentence("Your call to support: we could not reach you"))
    subject = subjects["en" if back.language == "en" else "fa"]
    ticket_id = tickets.open_ticket(
        None,
        back.account_id or int(accounts.house().id),
        "support",
        subject,
        "\n".join(words.values()),
        now,
        via="telephone",
        key=f"call-back/{back.id}",
    )
    CallBack.update(
        state=CallBackState.MISSED, reason="tries_spent", tries=tries, ended_at=now, ticket_id=ticket_id
    ).where(CallBack.id == back.id, CallBack.state == CallBackState.TAKEN).execute()


# -- what staff do ------------------------------------------------------------------------


def cancel(person: Actor, call_back_id: int, reason: str, now: int) -> None:
    """Cancel a call-back, for staff; Conflict during a try or when it is over."""
    require(person, "line.work")
    if not reason.strip():
        raise BadInput("Give the reason for cancelling the call-back.")
    changed = (
        CallBack.update(
            state=CallBackState.CANCELLED, reason="staff", notes=reason.strip()[:1000], ended_at=now
        )
        .where(CallBack.id == call_back_id, CallBack.state == CallBackState.WAITING)
        .execute()
    )
    if not changed:
        raise Conflict("Call-back %(id)s is in a try or over.", id=call_back_id)
    audit_log.record(
        person.id, None, "call_back_cancelled", f"call-back {call_back_id}", now, "", reason.strip()
    )


def get(call_back_id: int) -> CallBack:
    """A call-back; NotFound."""
    row: CallBack | None = CallBack.get_or_none(CallBack.id == call_back_id)
    if row is None:
        raise NotFound("There is no call-back %(id)s.", id=call_back_id)
    return row


def open_ones() -> list[CallBack]:
    """Call-backs that wait or are in a try, the earliest place first."""
    return list(CallBack.select().where(CallBack.state.in_(OPEN_CALL_BACKS)).order_by(CallBack.place_at))


def in_flight_of(agent_id: int) -> CallBack | None:
    """The call-back that an agent is on now (also while talking), or None."""
    row: CallBack | None = (
        CallBack.select()
        .join(CallBackTry, on=(CallBackTry.call_back_id == CallBack.id))
        .where(CallBackTry.agent_id == agent_id, CallBackTry.ended_at.is_null())
        .first()
    )
    return row


def note(person: Actor, call_back_id: int, text: str) -> None:
    """Keep what an agent notes about a call-back."""
    require(person, "line.work")
    CallBack.update(notes=text.replace("\x00", "").strip()[:4000]).where(
        CallBack.id == call_back_id
    ).execute()


def settle_of(uuid: str, evidence: Evidence, now: int) -> str:
    """As `settle`; the extension of the agent, empty if it was settled before."""
    if not settle(uuid, evidence, now):
        return ""
    row = CallBackTry.get(CallBackTry.uuid == uuid)
    return str(SupportAgent.get_by_id(row.agent_id).extension)
