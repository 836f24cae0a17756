"""Opening an account online: register, then give back the code that a call spoke to the mobile."""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.errors import AvanakError, BadInput, Conflict
from engine.services.accounts import accounts, people
from engine.services.campaigns import quick_sends
from engine.states import AccountState
from engine.store.tables.core import Account
from engine.store.tables.customers import MobileCode
from engine.text import one_line

log = logging.getLogger(__name__)

CODE_DIGITS = 5
CODE_LIVES_MS = 5 * 60_000  # the telephone rings up to half a minute, and people look for a pen
MAX_WRONG = 5
GAP_MS = 60_000  # between two calls
DAY_MS = 86_400_000
MAX_CALLS_A_DAY = 5  # to one mobile, whoever asks

# (code, language) -> name of a stored prompt that speaks it; `services.otp_prompt.prompt_for_code`.
Speak = Callable[[str, str], str]
Write = Callable[[Callable[[], Any]], Any]


class TooSoon(AvanakError):
    """Asked again too early or too often; `wait_s` says when it may be tried again."""

    exit_status = 2
    http_status = 429

    def __init__(self, sentence: str, wait_s: int) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s


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


def send_code(account_id: int, now: int, speak: Speak, write: Write, language: str = "fa") -> int:
    """Ring the account's mobile and speak a new code; the recipient's id of the call.

    1. note the code (hashed) within its limits, 2. make the prompt, 3. put the call in front of the
    queue, for the house account.  Not inside a transaction: `write` runs each step in one of its own.
    The dialer is to be woken after it.  Raises TooSoon, Conflict when nothing is to be verified.
    """
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    code_id, mobile = write(lambda: _note_code(account_id, code, now))
    prompt = speak(code, language)

    def call() -> int:
        options = quick_sends.QuickOptions(priority=quick_sends.OTP_PRIORITY, max_length_s=60)
        recipient_id = quick_sends.send(accounts.house().id, accounts.mobile_of(mobile), prompt, options, now)
        MobileCode.update(recipient_id=recipient_id).where(MobileCode.id == code_id).execute()
        return recipient_id

    recipient_id = int(write(call))
    log.info("action=code_sent account=%d recipient=%d", account_id, recipient_id)
    return recipient_id


def _note_code(account_id: int, code: str, now: int) -> tuple[int, str]:
    row = accounts.get(account_id)
    if row.state != AccountState.REGISTERED:
        raise Conflict("The mobile of this account is verified already.")
    _check_limits(row.mobile, now)
    salt = secrets.token_hex(16)
    made = MobileCode.create(
        account_id=account_id,
        mobile=row.mobile,
        salt=salt,
        code_hash=_hash(salt, code),
        created_at=now,
        expires_at=now + CODE_LIVES_MS,
    )
    return int(made.id), row.mobile


def _check_limits(mobile: str, now: int) -> None:
    calls = [
        int(row.created_at)
        for row in MobileCode.select(MobileCode.created_at)
        .where(MobileCode.mobile == mobile, MobileCode.created_at > now - DAY_MS)
        .order_by(MobileCode.created_at)
    ]
    if calls and calls[-1] > now - GAP_MS:
        wait_s = -(-(calls[-1] + GAP_MS - now) // 1000)
        raise TooSoon(f"A call is on its way; another can be asked for in {wait_s} s.", wait_s)
    if len(calls) >= MAX_CALLS_A_DAY:
        wait_s = -(-(calls[-MAX_CALLS_A_DAY] + DAY_MS - now) // 1000)
        raise TooSoon("This mobile has been called too often today; try again tomorrow.", wait_s)


def verify_code(account_id: int, code: str, now: int) -> bool:
    """Whether the code is the last one that was spoken; then the account's mobile is verified.

    Inside a transaction.  False for a wrong one (it is counted: the result must be committed, so this
    does not raise).  Raises BadInput when there is no code that could be right any more.
    """
    row = (
        MobileCode.select().where(MobileCode.account_id == account_id).order_by(MobileCode.id.desc()).first()
    )
    if row is None or row.used_at is not None or row.expires_at <= now:
        raise BadInput("The code has expired; ask for another call.")
    if row.wrong >= MAX_WRONG:
        raise BadInput("The code was wrong too often; ask for another call.")
    digits = "".join(str(int(char)) for char in code if char.isdecimal())
    account = accounts.get(account_id)
    if not hmac.compare_digest(_hash(row.salt, digits), row.code_hash) or row.mobile != account.mobile:
        MobileCode.update(wrong=MobileCode.wrong + 1).where(MobileCode.id == row.id).execute()
        log.info("action=code_wrong account=%d", account_id)
        return False
    MobileCode.update(used_at=now).where(MobileCode.id == row.id).execute()
    accounts.advance(account_id, AccountState.MOBILE_VERIFIED, mobile_verified_at=now)
    return True


def _hash(salt: str, code: str) -> str:
    # A code has 17 bits and lives five minutes: the limit of attempts guards it, the hash the database's readers.
    # A slow hash would keep all who write waiting, and seventeen bits would still be tried through in no time.
    return hmac.digest(bytes.fromhex(salt), code.encode(), "sha256").hex()
