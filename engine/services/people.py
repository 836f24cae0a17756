"""People who log in: their passwords (argon2), roles and the first administrator."""

from __future__ import annotations

import logging
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from engine.errors import BadInput, Conflict, NotAllowed
from engine.store.models import Account, User

log = logging.getLogger(__name__)

ROLES = ("operator", "administrator", "agent", "quality", "finance", "owner", "member")
STAFF_ROLES = ROLES[:5]
MIN_PASSWORD = 10
FIRST_ADMIN = "admin"

_hasher = PasswordHasher()
# Verified when there is no such person, so that the answer takes as long as for a wrong password.
_DUMMY = _hasher.hash(secrets.token_hex(16))


def ensure_first(now: int, password: str = "") -> str | None:
    """Make the first account and `admin`, if there is nobody yet; the password if it was made up here."""
    if not Account.select().exists():
        Account.create(name="Avanak", created_at=now)
    if User.select().exists():
        return None
    made = password or secrets.token_urlsafe(12)
    add(FIRST_ADMIN, made, "administrator", now)
    return None if password else made


def add(username: str, password: str, role: str, now: int, account_id: int | None = None) -> int:
    """Make a person; id.  Staff have no account, owners and members have one."""
    username = username.strip().lower()
    if not 3 <= len(username) <= 100 or not username.isprintable() or " " in username:
        raise BadInput("A user name has 3 to 100 characters without blanks.")
    if role not in ROLES:
        raise BadInput(f"The role {role!r} is none of {', '.join(ROLES)}.")
    if (role in STAFF_ROLES) != (account_id is None):
        raise BadInput(f"The role {role!r} {'has no' if role in STAFF_ROLES else 'needs an'} account.")
    if len(password) < MIN_PASSWORD:
        raise BadInput(f"A password has at least {MIN_PASSWORD} characters.")
    if User.get_or_none(User.username == username):
        raise Conflict(f"The user name {username!r} is taken.")
    row = User.create(
        username=username, password_hash=_hasher.hash(password), role=role, account=account_id, created_at=now
    )
    log.info("action=person_added person=%d role=%s", row.id, role)
    return int(row.id)


def set_password(person_id: int, password: str) -> None:
    """Give a person a new password."""
    if len(password) < MIN_PASSWORD:
        raise BadInput(f"A password has at least {MIN_PASSWORD} characters.")
    User.update(password_hash=_hasher.hash(password)).where(User.id == person_id).execute()


def password_fits(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one of this hash (None: nobody's; takes as long).  No database."""
    try:
        return _hasher.verify(password_hash or _DUMMY, password) and password_hash is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def find(username: str) -> User | None:
    """A person who may log in, by user name."""
    return User.get_or_none(User.username == username.strip().lower(), User.is_active == True)  # noqa: E712 - SQL


def require(person: User, *roles: str) -> None:
    """Raise NotAllowed unless the person has one of the roles (administrators always may)."""
    if person.role not in (*roles, "administrator"):
        raise NotAllowed("You have no permission for this.")
