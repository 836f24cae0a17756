"""Whether a token may do something now, and for whom; the one place where a program's token is judged.

Functions run inside a connection; `now` is milliseconds UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.errors import AvanakError
from engine.sentences import Sentence
from engine.services.accounts import accounts, permissions
from engine.services.accounts.access_tokens import hashed
from engine.services.accounts.permissions import WEB_SERVICE
from engine.services.accounts.token_scopes import Scope, is_within
from engine.store.rows import row_of
from engine.store.tables.core import Account, User
from engine.store.tables.customers import AccessToken

USED_EVERY_MS = 60_000  # the resolution of the noted last use
LONGEST = 200  # characters of a secret; anything longer is not ours


class TokenRefusal(StrEnum):
    """Why a token is refused."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    EXPIRED = "expired"
    PERSON = "person"
    GRANT = "grant"
    ADDRESS = "address"
    METHOD = "method"
    SCOPE = "scope"


_SENTENCES: dict[TokenRefusal, Sentence] = {
    TokenRefusal.MISSING: Sentence("Show a token: Authorization: Bearer avk_…"),
    TokenRefusal.UNKNOWN: Sentence("There is no such token."),
    TokenRefusal.REVOKED: Sentence("The token was revoked."),
    TokenRefusal.EXPIRED: Sentence("The token has ended; make a new one."),
    TokenRefusal.PERSON: Sentence("The person who made the token may not log in any more."),
    TokenRefusal.GRANT: Sentence("The account may not use the web service; ask support for it."),
    TokenRefusal.ADDRESS: Sentence("The token may not be used from this address."),
    TokenRefusal.METHOD: Sentence("The token does not allow the method %(detail)s."),
    TokenRefusal.SCOPE: Sentence("The token does not have the scope %(detail)s."),
}
_KNOWN = frozenset({TokenRefusal.GRANT, TokenRefusal.ADDRESS, TokenRefusal.METHOD, TokenRefusal.SCOPE})


class TokenRefused(AvanakError):
    """The token does not work (401), or not for this (403); `refusal` says why."""

    exit_status = 2

    def __init__(self, refusal: TokenRefusal, detail: str = "") -> None:
        found = _SENTENCES[refusal]
        super().__init__(found.id, **({"detail": detail} if detail else {}))
        self.refusal = refusal

    @property
    def http_status(self) -> int:  # type: ignore[override]
        return 403 if self.refusal in _KNOWN else 401


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom a program acts: the rights of `person`, limited by `token`."""

    person: User
    account_id: int
    token: AccessToken
    account: Account

    def require(self, scope: Scope | None, method: str) -> None:
        """TokenRefused unless the token has the scope and, where it names methods, this one (in any case)."""
        if scope is not None and scope not in self.token.scopes.split():
            raise TokenRefused(TokenRefusal.SCOPE, scope)
        named = self.token.methods.lower().split()
        if named and method.lower() not in named:
            raise TokenRefused(TokenRefusal.METHOD, method)


def caller_of(secret: str, address: str | None, now: int) -> Caller:
    """Whom a secret speaks for, from that address; TokenRefused."""
    if not secret:
        raise TokenRefused(TokenRefusal.MISSING)
    row = row_of(AccessToken, sha256=hashed(secret)) if len(secret) <= LONGEST else None
    if row is None:
        raise TokenRefused(TokenRefusal.UNKNOWN)
    if row.revoked_at is not None:
        raise TokenRefused(TokenRefusal.REVOKED)
    if row.expires_at is not None and row.expires_at <= now:
        raise TokenRefused(TokenRefusal.EXPIRED)
    person = _person_of(row)
    if (
        person is None
        or permissions.scope(person) != row.account_id  # they made it before they moved to another account
        or not permissions.may(person, "token.change", row.account_id)
    ):
        raise TokenRefused(TokenRefusal.PERSON)
    account = accounts.get(row.account_id)
    if not accounts.is_granted(account, WEB_SERVICE):
        raise TokenRefused(TokenRefusal.GRANT)
    if row.addresses and not is_within(address, row.addresses.split()):
        raise TokenRefused(TokenRefusal.ADDRESS)
    return Caller(person, int(row.account_id), row, account)


def _person_of(row: AccessToken) -> User | None:
    if row.person_id is None:  # of the command line: it has an owner's rights, and nobody's name
        return User(id=None, username="", role="owner", account=row.account_id, is_active=True, language="en")
    return row_of(User, id=row.person_id, is_active=True)


def is_use_due(row: AccessToken, now: int) -> bool:
    """Whether the last use is due to be noted again; not every request notes it."""
    return row.last_used_at is None or now - row.last_used_at >= USED_EVERY_MS


def note_use(token_id: int, address: str, now: int) -> None:
    """Note that a token was used, and from where; inside a transaction."""
    AccessToken.update(last_used_at=now, last_used_from=address[:64]).where(
        AccessToken.id == token_id
    ).execute()
