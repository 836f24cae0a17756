"""Agents: the people who answer the support line, where they are called, and the state they chose.

The store holds the wanted state; the engine applies it to the switch (`engine.support_line.agents`) and writes back
what the switch decides: an agent who left calls unanswered is paused.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import BadInput, Conflict, NotFound
from engine.sentences import Sentence
from engine.services.accounts import audit_log
from engine.services.accounts.permissions import Actor, is_staff, require
from engine.services.numbering import numbers
from engine.services.numbering.reasons import Reason
from engine.services.support_line import QUEUE, departments
from engine.states import AgentState
from engine.store.tables.core import User
from engine.store.tables.support_line import AgentStep, SupportAgent

log = logging.getLogger(__name__)

REALM = "avanak.support"
REASONS: dict[str, Sentence] = {
    "break": Sentence("break"),
    "lunch": Sentence("lunch"),
    "training": Sentence("training"),
    "desk_work": Sentence("work at the desk"),
    "no_answer": Sentence("left calls unanswered"),
}
_EXTENSION = re.compile(r"[1-9]\d{2,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _System:
    """The command line: an administrator who is nobody."""

    id: int | None = None
    role: str = "administrator"
    account_id: int | None = None


SYSTEM: Any = _System()


@dataclass(frozen=True, slots=True)
class Secret:
    """The settings for an agent's telephone; the password is shown once."""

    extension: str
    realm: str
    password: str


def add(
    person: Actor,
    user_id: int,
    extension: str,
    now: int,
    *,
    outside_number: str = "",
    wrap_up_s: int = 15,
    belongs_to: Sequence[str] = (QUEUE,),
) -> tuple[int, Secret]:
    """Make one of the staff an agent; the agent's id and the secret of the telephone.

    BadInput for an extension that is not 3 to 6 digits, a person who is not staff or an invalid number;
    Conflict if the person is already an agent or another agent has the extension.
    """
    require(person, "line.manage")
    user = User.get_or_none(User.id == user_id)
    if user is None or not is_staff(user) or not user.is_active:
        raise BadInput("An agent is one of the active staff.")
    if not _EXTENSION.fullmatch(extension):
        raise BadInput("An extension has 3 to 6 digits and does not begin with 0.")
    if SupportAgent.select().where(SupportAgent.person_id == user_id).exists():
        raise Conflict("%(name)s is an agent already.", name=user.username)
    if SupportAgent.select().where(SupportAgent.extension == extension).exists():
        raise Conflict("Another agent has the extension %(extension)s.", extension=extension)
    secret = _new_secret(extension)
    row = SupportAgent.create(
        person_id=user_id,
        name=user.username,
        extension=extension,
        a1_hash=_a1(secret),
        outside_number=_outside(outside_number),
        wrap_up_s=_wrap_up(wrap_up_s),
        departments=departments.written(belongs_to),
        state_since_at=now,
        created_at=now,
    )
    audit_log.record(person.id, None, "agent_added", f"agent {extension}", now, "", user.username)
    return int(row.id), secret


def change(
    person: Actor,
    agent_id: int,
    now: int,
    *,
    outside_number: str,
    wrap_up_s: int,
    is_active: bool,
    belongs_to: Sequence[str] | None = None,
) -> None:
    """Change where an agent is called, the wrap-up time after a call and the departments (None: as they are).

    An inactive agent is signed out.
    """
    require(person, "line.manage")
    row = get(agent_id)
    outside = _outside(outside_number)
    belongs = row.departments if belongs_to is None else departments.written(belongs_to)
    SupportAgent.update(
        outside_number=outside, wrap_up_s=_wrap_up(wrap_up_s), is_active=is_active, departments=belongs
    ).where(SupportAgent.id == agent_id).execute()
    if not is_active:
        _move(row, AgentState.SIGNED_OUT, "", person.id, now)
    audit_log.record(
        person.id,
        None,
        "agent_changed",
        f"agent {row.extension}",
        now,
        {
            "outside": row.outside_number,
            "wrap_up_s": row.wrap_up_s,
            "active": row.is_active,
            "departments": row.departments,
        },
        {"outside": outside, "wrap_up_s": wrap_up_s, "active": is_active, "departments": belongs},
    )


def new_secret(person: Actor, agent_id: int, now: int) -> Secret:
    """Give an agent's telephone a new password; the old one works until the switch has reloaded its directory."""
    require(person, "line.manage")
    row = get(agent_id)
    secret = _new_secret(row.extension)
    SupportAgent.update(a1_hash=_a1(secret)).where(SupportAgent.id == agent_id).execute()
    audit_log.record(person.id, None, "agent_password", f"agent {row.extension}", now)
    return secret


# -- what agents do -----------------------------------------------------------------------


def sign_in(person: Actor, now: int) -> None:
    """Sign in: the person takes calls from now on."""
    _move(of_person(person.id), AgentState.AVAILABLE, "", person.id, now)


def pause(person: Actor, reason: str, now: int) -> None:
    """Pause, for a reason of `REASONS`; a call in progress continues."""
    if reason not in REASONS or reason == "no_answer":
        known = [REASONS[name] for name in REASONS if name != "no_answer"]
        raise BadInput("A pause needs one of the reasons %(known)s.", known=known)
    row = of_person(person.id)
    if row.state == AgentState.SIGNED_OUT:
        raise Conflict("You are not signed in.")
    _move(row, AgentState.PAUSED, reason, person.id, now)


def sign_out(person: Actor, now: int) -> None:
    """Sign out: the person takes no further calls."""
    _move(of_person(person.id), AgentState.SIGNED_OUT, "", person.id, now)


def sign_out_other(person: Actor, agent_id: int, now: int) -> None:
    """Sign out an agent who forgot to."""
    require(person, "line.manage")
    _move(get(agent_id), AgentState.SIGNED_OUT, "", person.id, now)


def pause_unanswering(extension: str, now: int) -> bool:
    """The switch reports that an available agent left too many calls unanswered; whether that was new."""
    row = SupportAgent.get_or_none(SupportAgent.extension == extension)
    return (
        row is not None
        and row.state == AgentState.AVAILABLE
        and _move(row, AgentState.PAUSED, "no_answer", None, now)
    )


def note_seen(seen: dict[str, str], now: int) -> None:
    """What agents do, by extension: waiting, receiving, in_call, wrap_up, unregistered, unusable, idle, unknown."""
    for extension, word in seen.items():
        SupportAgent.update(seen=word, seen_at=now).where(SupportAgent.extension == extension).execute()


# -- reading ------------------------------------------------------------------------------


def get(agent_id: int) -> SupportAgent:
    """An agent; NotFound."""
    row: SupportAgent | None = SupportAgent.get_or_none(SupportAgent.id == agent_id)
    if row is None:
        raise NotFound("There is no agent %(id)s.", id=agent_id)
    return row


def of_person(person_id: int) -> SupportAgent:
    """The agent of a person; NotFound if there is none, Conflict if the agent is not active."""
    row: SupportAgent | None = SupportAgent.get_or_none(SupportAgent.person_id == person_id)
    if row is None:
        raise NotFound("You are no agent of the support line.")
    if not row.is_active:
        raise Conflict("You are no active agent of the support line.")
    return row


def find_of_person(person_id: int) -> SupportAgent | None:
    """The active agent of a person, or None."""
    row: SupportAgent | None = SupportAgent.get_or_none(
        SupportAgent.person_id == person_id,
        SupportAgent.is_active == True,  # noqa: E712 - SQL
    )
    return row


def everybody() -> list[SupportAgent]:
    """All agents, active ones first, by name."""
    return list(SupportAgent.select().order_by(SupportAgent.is_active.desc(), SupportAgent.name))


def signed_in() -> list[SupportAgent]:
    """Active agents that are signed in, paused ones included."""
    return list(
        SupportAgent.select().where(
            SupportAgent.is_active == True,  # noqa: E712 - SQL
            SupportAgent.state != AgentState.SIGNED_OUT,
        )
    )


def steps(agent_id: int, from_at: int, until_at: int) -> list[AgentStep]:
    """An agent's changes of state, the first first."""
    return list(
        AgentStep.select()
        .where(AgentStep.agent_id == agent_id, AgentStep.at >= from_at, AgentStep.at < until_at)
        .order_by(AgentStep.at, AgentStep.id)
    )


def can_be_rung(row: SupportAgent) -> bool:
    """Whether the agent takes calls, and the telephone can be rung as far as the switch has said."""
    return row.state == AgentState.AVAILABLE and row.seen not in ("unregistered", "unusable")


# -- inside -------------------------------------------------------------------------------


def _move(row: SupportAgent, state: AgentState, reason: str, author_id: int | None, now: int) -> bool:
    """Conditional on the state that was read; safe to repeat."""
    if row.state == state and row.reason == reason:
        return False
    values = {"state": state, "reason": reason, "state_since_at": now}
    if state == AgentState.SIGNED_OUT:
        values["signed_in_at"] = None
    elif row.signed_in_at is None:
        values["signed_in_at"] = now
    changed = (
        SupportAgent.update(**values)
        .where(SupportAgent.id == row.id, SupportAgent.state == row.state, SupportAgent.reason == row.reason)
        .execute()
    )
    if not changed:
        raise Conflict("Agent %(name)s was changed at the same time; look again.", name=row.name)
    AgentStep.create(agent_id=row.id, at=now, state=state, reason=reason, author_id=author_id)
    log.info("action=agent_state agent=%s old=%s new=%s", row.extension, row.state, state)
    return True


def _new_secret(extension: str) -> Secret:
    return Secret(extension, REALM, secrets.token_urlsafe(18))


def _a1(secret: Secret) -> str:
    """HA1 of digest authentication (RFC 2617): the switch needs no password that can be read."""
    text = f"{secret.extension}:{secret.realm}:{secret.password}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _outside(text: str) -> str:
    if not text.strip():
        return ""
    found = numbers.normalise(text)
    if isinstance(found, Reason):
        raise BadInput(found.sentence)
    return found.e164


def _wrap_up(seconds: int) -> int:
    if not 0 <= seconds <= 600:
        raise BadInput("The time after a call is 0 to 600 seconds.")
    return seconds
