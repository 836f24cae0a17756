"""Tokens with which programs act as a person: shown once, kept as a hash, revocable.

A token works while its person is active and staff grant the account the use of
the web service; nothing of that is kept in the token, so taking it away works
at once.

Functions run inside a transaction unless they say otherwise; `now` is milliseconds UTC.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from engine.errors import AvanakError, BadInput, Conflict, NotAllowed, NotFound
from engine.services.accounts import accounts, audit_log, permissions
from engine.services.accounts.permissions import WEB_SERVICE
from engine.store.tables.core import User
from engine.store.tables.customers import AccessToken

PREFIX = "avk_"
MAX_TOKENS = 20  # of an account that work
USED_EVERY_MS = 60_000  # how exactly the last use is noted


class Unauthenticated(AvanakError):
    """Who asks did not show a token that works."""

    exit_status = 2
    http_status = 401


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A new token; `secret` is shown now and never again."""

    token_id: int
    secret: str


def make(person: User, name: str, now: int) -> MadeToken:
    """Make a token of the person who asks, a customer; BadInput, NotAllowed without the web service."""
    account_id = permissions.scope(person)
    if account_id is None:
        raise NotAllowed("Tokens are a customer's: staff use the pages.")
    permissions.require(person, "token.change", account_id)
    _require_grant(account_id)
    name = " ".join(name.split())
    if not 2 <= len(name) <= 100:
        raise BadInput("Say in 2 to 100 characters what the token is for.")
    if len(working(account_id)) >= MAX_TOKENS:
        raise Conflict("An account has at most %(n)s tokens that work; revoke one first.", n=MAX_TOKENS)
    secret = PREFIX + secrets.token_urlsafe(32)
    row = AccessToken.create(
        account_id=account_id,
        person_id=person.id,
        name=name,
        start=secret[: len(PREFIX) + 6],
        sha256=_hashed(secret),
        created_at=now,
    )
    audit_log.record(person.id, account_id, "token.make", f"token {row.id}", now, after=name)
    return MadeToken(int(row.id), secret)


def revoke(person: User, token_id: int, now: int) -> None:
    """End a token, by its own account or by staff; NotFound for another's, Conflict the second time."""
    row = AccessToken.get_or_none(AccessToken.id == token_id)
    if row is None or permissions.scope(person) not in (None, row.account_id):
        raise NotFound("There is no token %(id)s.", id=token_id)
    permissions.require(person, "token.change", row.account_id)
    changed = (
        AccessToken.update(revoked_at=now, revoked_by=person.id)
        .where(AccessToken.id == token_id, AccessToken.revoked_at.is_null())
        .execute()
    )
    if not changed:
        raise Conflict("Token %(id)s was revoked before.", id=token_id)
    audit_log.record(person.id, row.account_id, "token.revoke", f"token {token_id}", now)


def revoke_all(person_id: int, by_id: int | None, now: int) -> int:
    """End the tokens of somebody who has lost the right to have any; how many."""
    rows = AccessToken.update(revoked_at=now, revoked_by=by_id).where(
        AccessToken.person_id == person_id, AccessToken.revoked_at.is_null()
    )
    return int(rows.execute())


def working(account_id: int) -> list[AccessToken]:
    """The tokens of an account that were not revoked, the newest first."""
    return list(
        AccessToken.select()
        .where(AccessToken.account_id == account_id, AccessToken.revoked_at.is_null())
        .order_by(AccessToken.id.desc())
    )


def who(secret: str) -> tuple[User, AccessToken]:
    """The person that a token speaks for, and the token; only reads.

    Unauthenticated for one that does not work, NotAllowed while the account may not use the web service.
    """
    row = AccessToken.get_or_none(AccessToken.sha256 == _hashed(secret), AccessToken.revoked_at.is_null())
    person = None if row is None else User.get_or_none(User.id == row.person_id, User.is_active == True)  # noqa: E712 - SQL
    is_theirs = (
        row is not None and person is not None and permissions.may(person, "token.change", row.account_id)
    )
    if row is None or person is None or not is_theirs:
        raise Unauthenticated("The token is unknown, revoked, or of somebody who may not log in.")
    _require_grant(row.account_id)
    return person, row


def is_use_due(row: AccessToken, now: int) -> bool:
    """Whether the last use is to be noted again: not with each request."""
    return row.last_used_at is None or now - row.last_used_at >= USED_EVERY_MS


def note_use(token_id: int, now: int) -> None:
    """Note that a token was used."""
    AccessToken.update(last_used_at=now).where(AccessToken.id == token_id).execute()


def _require_grant(account_id: int) -> None:
    if not accounts.has_grant(account_id, WEB_SERVICE):
        raise NotAllowed("The account may not use the web service; ask support for it.")


def _hashed(secret: str) -> str:
    """The token is 256 random bits: one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()
