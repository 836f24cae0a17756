"""Callers: the account of a number, and the language of its people."""

from __future__ import annotations

from dataclasses import dataclass

from engine.services.numbering import numbers
from engine.services.numbering.reasons import Reason
from engine.store.tables.core import Account, User
from engine.store.tables.customers import ConfirmedNumber
from engine.store.tables.support import ContactAddress


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """A caller; `number` is empty when it was withheld or is none, `account_id` None for a stranger."""

    number: str
    account_id: int | None
    language: str


def recognise(digits: str) -> KnownCaller:
    """The caller behind the digits that a carrier shows.

    Known are the mobile of an account, its people's verified telephones and its confirmed numbers.  A number that
    belongs to two accounts identifies neither, so that nobody hears another customer's tickets.
    """
    found = numbers.normalise(digits, allow_abroad=True)
    if isinstance(found, Reason):
        return KnownCaller("", None, "fa")
    number = found.e164
    accounts = {row.id for row in Account.select(Account.id).where(Account.mobile == number)}
    reaches = list(
        ContactAddress.select().where(
            ContactAddress.channel == "voice",
            ContactAddress.address == number,
            ContactAddress.verified_at.is_null(False),
        )
    )
    accounts |= {row.account_id for row in reaches if row.account_id is not None}
    confirmed = ConfirmedNumber.select(ConfirmedNumber.account_id).where(
        ConfirmedNumber.number.in_(_as_confirmed(number))
    )
    accounts |= {row.account_id for row in confirmed}
    if len(accounts) != 1:
        return KnownCaller(number, None, "fa" if number.startswith("+98") else "en")
    account_id = int(accounts.pop())
    return KnownCaller(number, account_id, _language(account_id, [row.language for row in reaches]))


def _as_confirmed(e164: str) -> list[str]:
    """The spellings in which staff may have confirmed a number: national, not E.164 (compliance.caller_ids.confirm)."""
    digits = numbers.dial_digits(e164)
    return [digits, digits.removeprefix("0"), e164.removeprefix("+")]


def _language(account_id: int, of_reaches: list[str]) -> str:
    if of_reaches:
        return of_reaches[0]
    owner = (
        User.select(User.language)
        .where(User.account == account_id, User.is_active == True)  # noqa: E712 - SQL
        .order_by(User.role.desc(), User.id)  # owner before member
        .first()
    )
    return str(owner.language) if owner is not None else "fa"
