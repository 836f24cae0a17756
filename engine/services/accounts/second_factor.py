"""The second factor, for people who choose it or installations that require it: app codes and recovery codes.

Codes follow RFC 6238 (six digits, half a minute).  Each code is accepted once, and so is each recovery code.
The secret that an app shares is sealed in the database (`engine.sealing`).
Functions run inside a transaction unless they say that they only read; `now` is milliseconds UTC.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets

import pyotp

from engine.errors import BadInput, Conflict
from engine.fold import digits_in
from engine.sealing import SecretBox
from engine.services.accounts import audit_log, people, permissions
from engine.store.tables.core import User
from engine.store.tables.people import RecoveryCode

log = logging.getLogger(__name__)

ISSUER = "Avanak"
STEP_S = 30
CODES = 10
_PLAIN = re.compile(r"[A-Z2-7]{32}")  # a secret as it was kept before it was sealed
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without characters that are easily confused


def is_on(person: User) -> bool:
    """Whether the person logs in with a second factor."""
    return person.totp_since_at is not None


def propose(person: User, box: SecretBox) -> str:
    """The secret that is to be put into an app: made at the first call, the same until it is confirmed."""
    if is_on(person):
        raise Conflict("The second factor is on already.")
    kept = _secret_of(person, box)
    if kept:
        return kept
    made = box.seal(pyotp.random_base32(), _purpose(person.id))
    User.update(totp_secret=made).where(
        User.id == person.id, User.totp_since_at.is_null(), User.totp_secret == person.totp_secret
    ).execute()
    return _secret_of(people.get(person.id), box)


def seal_all(box: SecretBox) -> int:
    """Seal secrets that are not sealed with the current key: unsealed ones, and those of a replaced key; how many.

    A secret that no known key opens is left: recovery codes still work, and the earlier key may be configured again.
    """
    changed = 0
    for row in User.select(User.id, User.totp_secret).where(User.totp_secret != ""):
        kept = str(row.totp_secret)
        anew = box.sealed_anew(kept, _purpose(row.id), lambda text: bool(_PLAIN.fullmatch(text)))
        if anew is None:
            log.error("action=second_factor_unreadable person=%d", row.id)
        elif anew != kept:
            changed += (
                User.update(totp_secret=anew).where(User.id == row.id, User.totp_secret == kept).execute()
            )
    if changed:
        log.info("action=second_factors_sealed count=%d", changed)
    return changed


def address_of(person: User, secret: str) -> str:
    """What apps read from the picture: ``otpauth://totp/…``."""
    return pyotp.TOTP(secret).provisioning_uri(name=person.username, issuer_name=ISSUER)


def confirm(person: User, code: str, box: SecretBox, now: int) -> list[str]:
    """Switch it on with a first code from the app; the recovery codes, which are shown now and never again.  Audited."""
    step = _step_of(person, code, box, now)
    if is_on(person) or not person.totp_secret:
        raise Conflict("There is nothing to be confirmed; begin again.")
    if step is None:
        raise BadInput("This is not the code that the app shows now.")
    changed = (
        User.update(totp_since_at=now, totp_step=step)
        .where(User.id == person.id, User.totp_since_at.is_null(), User.totp_secret == person.totp_secret)
        .execute()
    )
    if not changed:
        raise Conflict("There is nothing to be confirmed; begin again.")
    audit_log.record(person.id, person.account_id, "second_factor.on", f"person {person.id}", now)
    return renew_codes(person)


def renew_codes(person: User) -> list[str]:
    """New recovery codes in place of the old ones."""
    RecoveryCode.delete().where(RecoveryCode.person_id == person.id).execute()
    made = ["".join(secrets.choice(_LETTERS) for _ in range(16)) for _ in range(CODES)]
    RecoveryCode.insert_many([{"person_id": person.id, "sha256": _hashed(code)} for code in made]).execute()
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in made]


def codes_left(person_id: int) -> int:
    """How many recovery codes were not used.  Only reads."""
    return int(
        RecoveryCode.select()
        .where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_null())
        .count()
    )


def take(person: User, code: str, box: SecretBox, now: int) -> bool:
    """Whether the code is right; a right one is used up.

    Returns False for a wrong or used code instead of raising, because the failure count must be committed.
    """
    step = _step_of(person, code, box, now)
    if step is not None:
        taken = User.update(totp_step=step).where(User.id == person.id, User.totp_step < step)
        return bool(taken.execute())
    used = RecoveryCode.update(used_at=now).where(
        RecoveryCode.person_id == person.id,
        RecoveryCode.sha256 == _hashed(code),
        RecoveryCode.used_at.is_null(),
    )
    if not used.execute():
        return False
    audit_log.record(person.id, person.account_id, "second_factor.code", f"person {person.id}", now)
    return True


def switch_off(person_id: int, by: User | None, now: int) -> None:
    """Switch it off: one's own, or, when app and codes are lost, by somebody who may change people; audited.

    NotAllowed for others; None is the command line.
    """
    row = people.get(person_id, None if by is None else permissions.scope(by))
    if by is not None and by.id != row.id:
        permissions.require(by, "people.change", row.account_id)
    User.update(totp_secret="", totp_since_at=None, totp_step=0).where(User.id == row.id).execute()
    RecoveryCode.delete().where(RecoveryCode.person_id == row.id).execute()
    audit_log.record(by.id if by else None, row.account_id, "second_factor.off", f"person {row.id}", now)


def _purpose(person_id: int) -> str:
    """A sealed secret opens for its own person alone."""
    return f"second factor of person {person_id}"


def _secret_of(person: User, box: SecretBox) -> str:
    """The secret that the person's app has; empty: none, or none of the keys opens it."""
    if not person.totp_secret:
        return ""
    found = box.unseal(str(person.totp_secret), _purpose(person.id))
    if found is None:
        log.error("action=second_factor_unreadable person=%d", person.id)
    return found or ""


def _step_of(person: User, code: str, box: SecretBox, now: int) -> int | None:
    """The half minute of which this is the app's code: this one, or the one before or after; None: of none."""
    digits = digits_in(code)
    if len(digits) != 6 or any(char.isalpha() for char in code):
        return None
    secret = _secret_of(person, box)
    if not secret:
        return None
    totp = pyotp.TOTP(secret)
    step = now // 1000 // STEP_S
    fits = [
        each for each in (step, step - 1, step + 1) if hmac.compare_digest(totp.at(each * STEP_S), digits)
    ]
    return fits[0] if fits else None


def _hashed(code: str) -> str:
    """A recovery code has 79 random bits: one round of SHA-256 is enough."""
    plain = "".join(char for char in code.lower() if char in _LETTERS)
    return hashlib.sha256(plain.encode()).hexdigest()
