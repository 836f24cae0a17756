"""Opening an account online: register, then give back the code that a call spoke to the mobile."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from engine.errors import BadInput, Conflict
from engine.services.accounts import account_states, accounts, people
from engine.services.campaigns import codes
from engine.services.compliance.policy import Policy
from engine.states import AccountState
from engine.store.tables.core import Account
from engine.text import one_line

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Registered:
    """A new account and its owner."""

    account_id: int
    person_id: int


def register(name: str, kind: str, mobile: str, username: str, password_hash: str, now: int) -> Registered:
    """Open an account in the state registered, with its owner, whose password `people.hash_of` has hashed.  Inside a transaction.

    Raises BadInput in one sentence for what cannot be, Conflict for a user name that is taken.
    """
    name = one_line(name)
    if not 2 <= len(name) <= 200:
        raise BadInput("The name has 2 to 200 characters.")
    if kind not in ("firm", "person"):
        raise BadInput("An account is a person or a firm.")
    number = accounts.mobile_of(mobile)
    row = Account.create(name=name, kind=kind, mobile=number.e164, created_at=now)
    person_id = people.add_hashed(username, password_hash, "owner", now, int(row.id))
    log.info("action=registered account=%d kind=%s", row.id, kind)
    return Registered(int(row.id), person_id)


def change_mobile(account_id: int, mobile: str) -> None:
    """Correct the mobile before it was verified."""
    row = accounts.get(account_id)
    if row.state != AccountState.REGISTERED:
        raise Conflict("The mobile was verified already; ask staff to change it.")
    Account.update(mobile=accounts.mobile_of(mobile).e164).where(Account.id == account_id).execute()


def send_code(
    account_id: int,
    asker: codes.Asker,
    now: int,
    speak: codes.Speak,
    write: codes.Write,
    policy: Policy,
    language: str = "fa",
) -> codes.Sent:
    """Ring the account's mobile and speak a new code (`codes.send`).  Conflict when nothing is to be verified."""
    mobile = write(lambda: _mobile_to_verify(account_id))
    return codes.send(
        subject_of(account_id),
        accounts.mobile_of(mobile),
        asker,
        now,
        speak,
        write,
        policy,
        language,
    )


def subject_of(account_id: int) -> codes.Subject:
    """What the codes of a new account are about."""
    return codes.Subject(codes.Purpose.MOBILE, account_id)


def _mobile_to_verify(account_id: int) -> str:
    row = accounts.get(account_id)
    if row.state != AccountState.REGISTERED:
        raise Conflict("The mobile of this account is verified already.")
    return str(row.mobile)


def verify_code(account_id: int, code: str, now: int) -> bool:
    """Whether the code is the last one that was spoken; then the account's mobile is verified.

    Inside a transaction; as `codes.take`.
    """
    if not codes.take(subject_of(account_id), accounts.get(account_id).mobile, code, now):
        return False
    account_states.advance(account_id, AccountState.MOBILE_VERIFIED, mobile_verified_at=now)
    return True
