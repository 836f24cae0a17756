"""Sessions of people who are logged in, stored so that they can be listed and ended.

A cookie holds a secret, whose hash identifies the session.  A session ends when its person logs out or ends it
from another device, when they get a new password, or when their login is
disabled.  It also expires some time after its last use, and in any case some hours after it began.

Functions run inside a transaction unless they say that they only read; `now` is milliseconds UTC.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass

from engine.config import Settings
from engine.errors import NotFound
from engine.services.accounts import audit_log
from engine.store.tables.core import User
from engine.store.tables.people import WebSession

log = logging.getLogger(__name__)

SEEN_EVERY_MS = 60_000  # the resolution of the noted last use
KEPT_MS = 90 * 86_400_000  # of one that has ended
LOGOUT, ENDED, PASSWORD, RIGHTS, IDLE, OLD = "logout", "ended", "password", "rights", "idle", "old"


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long sessions live, in milliseconds: since their begin, and since they were last used."""

    whole_ms: int
    idle_ms: int

    @classmethod
    def of_settings(cls, settings: Settings) -> Lifetime:
        """The installation's."""
        return cls(settings.session_hours * 3_600_000, settings.session_idle_minutes * 60_000)


def begin(person: User, address: str, agent: str, now: int) -> str:
    """Begin a session for an authenticated person; its secret.  Audited."""
    secret = secrets.token_urlsafe(32)
    row = WebSession.create(
        person_id=person.id,
        sha256=_hashed(secret),
        address=address[:64],
        agent="".join(char for char in agent if char.isprintable())[:200],
        created_at=now,
        seen_at=now,
    )
    User.update(last_login_at=now).where(User.id == person.id).execute()
    audit_log.record(
        person.id, person.account_id, "login", f"person {person.id}", now, after={"from": address[:64]}
    )
    log.info("action=login person=%d role=%s session=%d from=%s", person.id, person.role, row.id, address)
    return secret


def find(secret: str, lifetime: Lifetime, now: int) -> tuple[User, WebSession] | None:
    """The person of a session and the session; None if it is over.  Only reads."""
    row = WebSession.get_or_none(WebSession.sha256 == _hashed(secret), WebSession.ended_at.is_null())
    if row is None or _is_over(row, lifetime, now):
        return None
    person = User.get_or_none(User.id == row.person_id, User.is_active == True)  # noqa: E712 - SQL
    return None if person is None else (person, row)


def is_use_due(row: WebSession, now: int) -> bool:
    """Whether the last use is to be noted again: not with each request."""
    return now - row.seen_at >= SEEN_EVERY_MS


def note_use(session_id: int, now: int) -> None:
    """Note that a session was used."""
    WebSession.update(seen_at=now).where(WebSession.id == session_id, WebSession.ended_at.is_null()).execute()


def of(person_id: int, lifetime: Lifetime, now: int) -> list[WebSession]:
    """The sessions of a person that are open, the last used first.  Only reads."""
    rows = WebSession.select().where(WebSession.person_id == person_id, WebSession.ended_at.is_null())
    return [row for row in rows.order_by(WebSession.seen_at.desc()) if not _is_over(row, lifetime, now)]


def log_out(secret: str, now: int) -> None:
    """End the session of a cookie; audited.  No harm if it is over."""
    row = WebSession.get_or_none(WebSession.sha256 == _hashed(secret))
    if row is not None and _end(WebSession.id == row.id, LOGOUT, now):
        person = User.get_by_id(row.person_id)
        audit_log.record(person.id, person.account_id, "logout", f"person {person.id}", now)


def end(person: User, session_id: int, now: int) -> None:
    """End a session of one's own from elsewhere; audited.  NotFound for another's, or one that is over."""
    if not _end((WebSession.id == session_id) & (WebSession.person_id == person.id), ENDED, now):
        raise NotFound("There is no such session any more.")
    audit_log.record(person.id, person.account_id, "session.end", f"person {person.id}", now)


def end_all(person_id: int, why: str, now: int) -> int:
    """End all sessions of a person; how many."""
    return _end(WebSession.person_id == person_id, why, now)


def sweep(lifetime: Lifetime, now: int) -> int:
    """End expired sessions and delete those that ended long ago; how many ended.  A job; safe to repeat."""
    ended = _end(WebSession.created_at <= now - lifetime.whole_ms, OLD, now)
    ended += _end(WebSession.seen_at <= now - lifetime.idle_ms, IDLE, now)
    WebSession.delete().where(WebSession.ended_at <= now - KEPT_MS).execute()
    return ended


def _end(which: object, why: str, now: int) -> int:
    ended = WebSession.update(ended_at=now, end=why).where(which, WebSession.ended_at.is_null()).execute()
    if ended:
        log.info("action=sessions_ended count=%d why=%s", ended, why)
    return int(ended)


def _is_over(row: WebSession, lifetime: Lifetime, now: int) -> bool:
    return bool(row.created_at <= now - lifetime.whole_ms or row.seen_at <= now - lifetime.idle_ms)


def _hashed(secret: str) -> str:
    """The secret is 256 random bits: one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()
