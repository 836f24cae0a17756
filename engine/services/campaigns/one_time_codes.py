"""One-time codes that a client's program asks for: spoken in a call, kept as a hash, checked here.

The code appears in no log and no answer, unless the client made it.  The codes with which people prove
to us that a telephone is theirs are in `campaigns.codes`.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from dataclasses import dataclass
from hashlib import sha256

from engine.errors import BadInput, NotFound
from engine.services.campaigns import quick_sends
from engine.services.campaigns.quick_sends import OTP_PRIORITY, QuickOptions
from engine.services.compliance.policy import Policy
from engine.services.numbering.numbers import NormalNumber
from engine.store.ledger import execute_locked
from engine.store.tables.programs import OneTimeCode

log = logging.getLogger(__name__)

LEAST, MOST = 4, 8  # digits
USUAL = 6
MAX_WRONG = 5
LEAST_LIFE_S, USUAL_LIFE_S, MOST_LIFE_S = 60, 300, 3_600
OPTIONS = QuickOptions(priority=OTP_PRIORITY, max_length_s=60)


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a code was right, and if not, how many tries are left."""

    is_right: bool
    tries_left: int


def make(digits: int = USUAL) -> str:
    """A new code of so many digits; BadInput."""
    if not LEAST <= digits <= MOST:
        raise BadInput("A code has %(least)s to %(most)s digits.", least=LEAST, most=MOST)
    return f"{secrets.randbelow(10**digits):0{digits}d}"


def send(
    account_id: int,
    number: NormalNumber,
    code: str,
    prompt: str,
    length_ms: int,
    life_s: int,
    now: int,
    policy: Policy,
) -> int:
    """Inside a write: keep the code and put its call in front of the queue; the code's id.

    `prompt` speaks it (`messages.otp_prompt`).  Raises as `quick_sends.send`.
    """
    recipient_id = quick_sends.send(account_id, number, prompt, OPTIONS, now, policy, message_ms=length_ms)
    salt = secrets.token_hex(16)
    row = OneTimeCode.create(
        account_id=account_id,
        number=number.e164,
        salt=salt,
        code_hash=_hash(salt, code),
        recipient_id=recipient_id,
        created_at=now,
        expires_at=now + life_s * 1000,
    )
    log.info("action=one_time_code account=%d code=%d recipient=%d", account_id, row.id, recipient_id)
    return int(row.id)


def get(code_id: int, account_id: int) -> OneTimeCode:
    """A code that was sent; NotFound."""
    row = OneTimeCode.get_or_none(OneTimeCode.id == code_id, OneTimeCode.account_id == account_id)
    if row is None:
        raise NotFound("There is no code %(id)s.", id=code_id)
    return row


def check(code_id: int, account_id: int, code: str, now: int) -> Checked:
    """Whether this is the code; a right one is used up.  Inside a write that must be committed: wrong ones are counted.

    A code that has expired, was used or was wrong too often is never right.
    """
    execute_locked("SELECT id FROM one_time_code WHERE id = ?", [code_id])  # guesses are counted one by one
    row = get(code_id, account_id)
    if row.used_at is not None or row.expires_at <= now or row.wrong >= MAX_WRONG:
        return Checked(False, 0)
    if not hmac.compare_digest(_hash(row.salt, code), row.code_hash):
        OneTimeCode.update(wrong=OneTimeCode.wrong + 1).where(OneTimeCode.id == row.id).execute()
        return Checked(False, MAX_WRONG - int(row.wrong) - 1)
    used = OneTimeCode.update(used_at=now).where(OneTimeCode.id == row.id, OneTimeCode.used_at.is_null())
    return Checked(bool(used.execute()), 0)


def _hash(salt: str, code: str) -> str:
    return sha256(f"{salt}/{code}".encode()).hexdigest()
