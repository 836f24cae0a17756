"""Tokens with which programs ask: shown once, kept as a hash, with scopes, methods, addresses and an end.

A token acts as the person who made it, or as its account if it was made on the command line.  It works while
that person is active and the account is granted the web service.  Neither is stored in the token, so a
withdrawal takes effect at once.  Whether a token may do something: `services/accounts/token_use`.

Functions run inside a transaction unless they say otherwise; `now` is milliseconds UTC.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace

from engine.errors import BadInput, Conflict, NotAllowed, NotFound
from engine.services.accounts import accounts, audit_log, permissions
from engine.services.accounts.ownership import owned
from engine.services.accounts.permissions import WEB_SERVICE
from engine.services.accounts.token_scopes import Scope
from engine.store.tables.core import User
from engine.store.tables.customers import AccessToken
from engine.text import one_line

PREFIX = "avk_"
MAX_TOKENS = 20  # of an account that work
HOUR_MS = 3_600_000
OVERLAP_MS = 24 * HOUR_MS  # how long the old secret works after a rotation by default
MOST_OVERLAP_MS = 30 * 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be made.  Empty `methods` or `addresses` mean all; with `expires_at` None it does not expire."""

    name: str
    scopes: tuple[Scope, ...]
    methods: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A new token; `secret` is shown now and never again."""

    token_id: int
    secret: str


def make(person: User, wanted: NewToken, now: int) -> MadeToken:
    """Make a token for a customer.  Raises BadInput, and NotAllowed if the account may not use the web service."""
    account_id = permissions.scope(person)
    if account_id is None:
        raise NotAllowed("Tokens are a customer's: staff use the pages.")
    permissions.require(person, "token.change", account_id)
    require_grant(account_id)
    return _make(account_id, int(person.id), wanted, now)


def make_for_account(account_id: int, wanted: NewToken, now: int) -> MadeToken:
    """Make a token of an account that belongs to no person; for the command line.

    Grants the web service to the account if it does not have it yet.
    """
    row = accounts.get(account_id)
    if not accounts.is_granted(row, WEB_SERVICE):
        accounts.grant(account_id, [*row.permissions.split(), WEB_SERVICE], None, now)
    return _make(account_id, None, wanted, now)


def _make(account_id: int, person_id: int | None, wanted: NewToken, now: int) -> MadeToken:
    name = one_line(wanted.name)
    if not 2 <= len(name) <= 100:
        raise BadInput("Say in 2 to 100 characters what the token is for.")
    if not wanted.scopes:
        raise BadInput("A token has at least one scope of: %(known)s.", known=list(Scope))
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise BadInput("A token must end in the future.")
    accounts.one_at_a_time(account_id)
    if len(working(account_id, now)) >= MAX_TOKENS:
        raise Conflict("An account has at most %(n)s tokens that work; revoke one first.", n=MAX_TOKENS)
    made = _insert(account_id, person_id, replace(wanted, name=name), now)
    audit_log.record(
        person_id,
        account_id,
        "token.make",
        f"token {made.token_id}",
        now,
        after={"name": name, "scopes": " ".join(wanted.scopes)},
    )
    return made


def _insert(
    account_id: int, person_id: int | None, wanted: NewToken, now: int, replaces_id: int | None = None
) -> MadeToken:
    secret = PREFIX + secrets.token_urlsafe(32)
    row = AccessToken.create(
        account_id=account_id,
        person_id=person_id,
        name=wanted.name,
        start=secret[: len(PREFIX) + 6],
        sha256=hashed(secret),
        scopes=" ".join(wanted.scopes),
        methods=" ".join(wanted.methods),
        addresses=" ".join(wanted.addresses),
        expires_at=wanted.expires_at,
        replaces_id=replaces_id,
        created_at=now,
    )
    return MadeToken(int(row.id), secret)


def rotate(person: User | None, token_id: int, now: int, overlap_ms: int = OVERLAP_MS) -> MadeToken:
    """Give a token a new secret; the old one works for `overlap_ms` more.  None: the command line.

    Raises NotFound for another account's token, and Conflict for one that no longer works or was rotated before.
    """
    row = _theirs(person, token_id)
    if not 0 <= overlap_ms <= MOST_OVERLAP_MS:
        raise BadInput("The old secret may work for at most %(n)s hours more.", n=MOST_OVERLAP_MS // HOUR_MS)
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        raise Conflict("Token %(id)s does not work any more; make another one.", id=token_id)
    if AccessToken.select().where(AccessToken.replaces_id == token_id).exists():
        raise Conflict("Token %(id)s was given a new secret before.", id=token_id)
    ends = now + overlap_ms if row.expires_at is None else min(row.expires_at, now + overlap_ms)
    AccessToken.update(expires_at=ends).where(AccessToken.id == token_id).execute()
    made = _insert(row.account_id, row.person_id, of_row(row), now, token_id)
    by_id = None if person is None else int(person.id)
    audit_log.record(
        by_id,
        row.account_id,
        "token.rotate",
        f"token {token_id}",
        now,
        after=f"token {made.token_id}",
    )
    return made


def revoke(person: User | None, token_id: int, now: int) -> None:
    """End a token, by its own account or by staff (None: the command line).

    NotFound for another's, Conflict the second time.
    """
    row = _theirs(person, token_id)
    by_id = None if person is None else int(person.id)
    changed = (
        AccessToken.update(revoked_at=now, revoked_by=by_id)
        .where(AccessToken.id == token_id, AccessToken.revoked_at.is_null())
        .execute()
    )
    if not changed:
        raise Conflict("Token %(id)s was revoked before.", id=token_id)
    audit_log.record(by_id, row.account_id, "token.revoke", f"token {token_id}", now)


def _theirs(person: User | None, token_id: int) -> AccessToken:
    account_id = permissions.scope(person) if person is not None else None
    query = AccessToken.select().where(AccessToken.id == token_id)
    missing = NotFound("There is no token %(id)s.", id=token_id)
    row: AccessToken = owned(query, AccessToken.account_id, account_id, missing)
    if person is not None:
        permissions.require(person, "token.change", row.account_id)
    return row


def revoke_all(person_id: int, by_id: int | None, now: int) -> int:
    """End the tokens of somebody who has lost the right to have any; how many."""
    rows = AccessToken.update(revoked_at=now, revoked_by=by_id).where(
        AccessToken.person_id == person_id, AccessToken.revoked_at.is_null()
    )
    return int(rows.execute())


def working(account_id: int, now: int) -> list[AccessToken]:
    """The tokens of an account that work, the newest first."""
    return [row for row in of_account(account_id) if row.expires_at is None or row.expires_at > now]


def of_account(account_id: int) -> list[AccessToken]:
    """The tokens of an account that were not revoked, expired ones included, the newest first."""
    return list(
        AccessToken.select()
        .where(AccessToken.account_id == account_id, AccessToken.revoked_at.is_null())
        .order_by(AccessToken.id.desc())
    )


def of_row(row: AccessToken) -> NewToken:
    """What a token is, as it was asked for."""
    return NewToken(
        name=row.name,
        scopes=tuple(Scope(word) for word in row.scopes.split() if word in set(Scope)),
        methods=tuple(row.methods.split()),
        addresses=tuple(row.addresses.split()),
        expires_at=row.expires_at,
    )


def require_grant(account_id: int) -> None:
    """NotAllowed while staff do not grant the account the web service."""
    if not accounts.has_grant(account_id, WEB_SERVICE):
        raise NotAllowed("The account may not use the web service; ask support for it.")


def hashed(secret: str) -> str:
    """The token is 256 random bits: one round of SHA-256 is enough, and a wrong one costs nothing."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
