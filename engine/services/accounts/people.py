"""People who log in: their passwords (argon2), and roles."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from engine.errors import BadInput, Conflict, NotAllowed, NotFound
from engine.fold import fold
from engine.sentences import Word
from engine.services.accounts import access_tokens, audit_log, permissions, quotas, sessions
from engine.services.accounts.ownership import owned
from engine.services.accounts.permissions import ROLES, STAFF_ROLES
from engine.store.database import refuse_in_transaction
from engine.store.tables.core import User

log = logging.getLogger(__name__)

MIN_PASSWORD = 10
UNSET = "!"  # begins what is kept for somebody who has none yet: no hash, so nothing fits it

_hasher = PasswordHasher()


class NameTaken(Conflict):
    """Somebody has this user name."""


# Verified when there is no such person, so that the answer takes as long as for a wrong password.
@cache
def _nobodys_hash() -> str:
    """A hash that no password fits; made when first needed, as making one is slow on purpose."""
    return _hasher.hash(secrets.token_hex(16))


def add_hashed(username: str, password_hash: str, role: str, now: int, account_id: int | None = None) -> int:
    """Make a person whose password `hash_of` has hashed; id.  Staff have no account, owners and members have one."""
    username = username.strip().lower()
    if not 3 <= len(username) <= 100 or not username.isprintable() or " " in username:
        raise BadInput("A user name has 3 to 100 characters without blanks.")
    if role not in ROLES:
        raise BadInput("The role '%(role)s' is none of %(known)s.", role=role, known=list(ROLES))
    if (role in STAFF_ROLES) != (account_id is None):
        raise BadInput(
            "The role '%(role)s' does not fit: staff have no account, owners and members have one.",
            role=Word(role),
        )
    if User.get_or_none(User.username == username):
        raise NameTaken("The user name '%(name)s' is taken.", name=username)
    row = User.create(
        username=username, password_hash=password_hash, role=role, account=account_id, created_at=now
    )
    log.info("action=person_added person=%d role=%s", row.id, role)
    return int(row.id)


def invite(username: str, role: str, by: User, now: int, account_id: int | None = None) -> int:
    """Make a person without a password, who chooses one by an invitation (`accept`); audited; the id."""
    if account_id is not None:
        quotas.check_people(account_id)
    made = add_hashed(username, UNSET + secrets.token_urlsafe(32), role, now, account_id)
    audit_log.record(
        by.id,
        account_id,
        "person.add",
        f"person {made}",
        now,
        after={"username": username.strip().lower(), "role": role},
    )
    return made


def seal_of(person: User) -> str:
    """A value that changes with the password, so that a new password invalidates everything sealed before."""
    return hashlib.sha256(person.password_hash.encode()).hexdigest()[:24]


def invitation(person_id: int, by_id: int | None, now: int, account_id: int | None = None) -> tuple[int, str]:
    """What an invitation to choose a (new) password must carry: the person and their seal; audited."""
    row = get(person_id, account_id)
    if not row.is_active:
        raise Conflict("%(username)s is shut out; let them in first.", username=row.username)
    audit_log.record(by_id, row.account_id, "person.invite", f"person {person_id}", now)
    return int(row.id), seal_of(row)


def accept(person_id: int, seal: str, password_hash: str, now: int) -> User:
    """Set the password of a person who was invited, once; Conflict if the invitation was used or withdrawn."""
    row = User.get_or_none(User.id == person_id, User.is_active == True)  # noqa: E712 - SQL
    if row is None or not hmac.compare_digest(seal_of(row), seal):
        raise Conflict("This invitation has been used already, or was withdrawn; ask for another.")
    taken = User.update(password_hash=password_hash).where(
        User.id == person_id, User.password_hash == row.password_hash
    )
    if not taken.execute():
        raise Conflict("This invitation has been used already, or was withdrawn; ask for another.")
    sessions.end_all(person_id, sessions.PASSWORD, now)
    audit_log.record(person_id, row.account_id, "password.set", f"person {person_id}", now)
    log.info("action=invitation_accepted person=%d", person_id)
    return get(person_id)


def hash_of(password: str, is_first: bool = False) -> str:
    """A password as it is kept; BadInput for one that is too short.

    Slow on purpose, so do not call it in a transaction.  The exception is the first start, before any calls.
    """
    if not is_first:
        refuse_in_transaction("hashing of a password")
    if len(password) < MIN_PASSWORD:
        raise BadInput("A password has at least %(n)s characters.", n=MIN_PASSWORD)
    return _hasher.hash(password)


def set_password(person_id: int, password_hash: str, by_id: int | None, now: int) -> None:
    """Give a person a new password, which `hash_of` has hashed; it ends all their sessions.  Audited."""
    row = get(person_id)
    User.update(password_hash=password_hash).where(User.id == person_id).execute()
    sessions.end_all(person_id, sessions.PASSWORD, now)
    audit_log.record(by_id, row.account_id, "password.set", f"person {person_id}", now)


def password_fits(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one of this hash (None: nobody's; takes as long).  No database."""
    refuse_in_transaction("hashing of a password")
    if password_hash is not None and password_hash.startswith(UNSET):
        password_hash = None
    try:
        return _hasher.verify(password_hash or _nobodys_hash(), password) and password_hash is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def find(username: str) -> User | None:
    """A person who may log in, by user name."""
    return User.get_or_none(User.username == username.strip().lower(), User.is_active == True)  # noqa: E712 - SQL


def require(person: User, *roles: str) -> None:
    """Raise NotAllowed unless the person has one of the roles (administrators always may)."""
    if person.role not in (*roles, "administrator"):
        raise NotAllowed("You have no permission for this.")


def of_account(account_id: int | None, text: str = "") -> list[User]:
    """The people of an account, or the staff (None), by name, with `text` in the name."""
    query = User.select().order_by(User.username)
    if text.strip():
        query = query.where(User.search.contains(fold(text)))
    return list(query.where(User.account.is_null() if account_id is None else User.account == account_id))


def get(person_id: int, account_id: int | None = None) -> User:
    """A person (of the account, if one is given); NotFound otherwise."""
    query = User.select().where(User.id == person_id)
    missing = NotFound("There is no person %(id)s.", id=person_id)
    return owned(query, User.account, account_id, missing)


def change(
    person_id: int,
    by_id: int | None,
    now: int,
    *,
    role: str | None = None,
    is_active: bool | None = None,
    account_id: int | None = None,
) -> None:
    """Change a colleague's role, or disable or enable their login; audited.

    Raises Conflict if an account would have no active owner, or the house no active administrator.
    """
    row = get(person_id, account_id)
    if role is not None and (role not in ROLES or (role in STAFF_ROLES) != (row.account_id is None)):
        raise BadInput("The role '%(role)s' does not fit this person.", role=Word(role))
    new_role = row.role if role is None else role
    new_active = row.is_active if is_active is None else is_active
    top = "administrator" if row.account_id is None else "owner"
    if row.role == top and row.is_active and (new_role != top or not new_active):
        others = [
            other
            for other in of_account(row.account_id)
            if other.id != row.id and other.role == top and other.is_active
        ]
        if not others:
            raise Conflict(
                "%(name)s is the last active %(role)s; name another first.", name=row.username, role=Word(top)
            )
    before = {"role": row.role, "is_active": row.is_active}
    after = {"role": new_role, "is_active": new_active}
    if before != after:
        User.update(**after).where(User.id == person_id).execute()
        if not new_active:
            sessions.end_all(person_id, sessions.RIGHTS, now)
        if not new_active or not permissions.may(get(person_id), "token.change", row.account_id):
            access_tokens.revoke_all(person_id, by_id, now)
        audit_log.record(by_id, row.account_id, "person.change", f"person {person_id}", now, before, after)


def active(person_id: int | None) -> User | None:
    """The person, unless their login is disabled or they do not exist."""
    found: User | None = User.get_or_none(User.id == person_id, User.is_active == True)  # noqa: E712 - SQL
    return found


def set_wishes(person_id: int, **wishes: str) -> None:
    """The `language` and the `calendar` in which a person reads."""
    User.update(**wishes).where(User.id == person_id).execute()
