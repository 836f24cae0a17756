"""Which caller id a call may show.

The caller id of a call is the campaign's own, else the account's, else that of the gateway.  A campaign's own
caller id must be a number that staff confirmed for its account (`confirm`), the account's caller id, or that of
a gateway it may use, so that nobody shows somebody else's number.  Advertising must show a number of the
range 0942 (the regulator's rule; the range is a setting).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.errors import BadInput, Conflict, NotFound
from engine.services.accounts import accounts, audit_log
from engine.services.compliance.policy import Policy
from engine.states import MessageKind
from engine.store.tables.core import Gateway
from engine.store.tables.customers import ConfirmedNumber

MOST = 50  # confirmed numbers of an account
_NUMBER = re.compile(r"[0-9]{3,15}")


class CallerIdNotAllowed(BadInput):
    """The number is not the account's, or is outside the range for advertising."""


def national(caller_id: str) -> str:
    """A caller id in its national form: ``98942…``, ``+98942…`` and ``0098942…`` become ``0942…``."""
    digits = caller_id.lstrip("+")
    if digits.startswith("0098"):
        digits = digits[2:]
    return "0" + digits[2:] if digits.startswith("98") else digits


def range_of(kind: str, policy: Policy) -> str:
    """The digits that a caller id must begin with for messages of `kind`; empty: any."""
    return policy.advertising_prefix if kind == MessageKind.ADVERTISING else ""


def fits(caller_id: str, prefix: str) -> bool:
    """Whether a caller id begins with `prefix` (see `range_of`)."""
    return national(caller_id).startswith(prefix)


def check(account_id: int, kind: str, own: str, gateway_names: Iterable[str], policy: Policy) -> None:
    """Raise CallerIdNotAllowed unless a campaign has a caller id that its kind allows; inside a connection.

    `own` is the campaign's caller id, `gateway_names` are the gateways it may use (none: all).  When neither the
    campaign nor the account has a number, at least one gateway must show a number of the range; the claim
    then uses only such gateways.
    """
    if not own and not range_of(kind, policy):
        return
    names = set(gateway_names) or set(accounts.get(account_id).gateways.split())
    rows = [row for row in Gateway.select() if not names or row.name in names]
    if own:
        require_own(account_id, own, rows)
    check_with(kind, own or accounts.get(account_id).caller_id, rows, policy)


def require_own(account_id: int, number: str, gateways: Iterable[Gateway]) -> None:
    """Raise CallerIdNotAllowed unless `number` is the account's, confirmed for it, or shown by one of the gateways."""
    known = {accounts.get(account_id).caller_id, *(row.caller_id for row in gateways)}
    known |= {row.number for row in confirmed(account_id)}
    if national(number) not in {national(each) for each in known if each}:
        raise CallerIdNotAllowed(
            "The caller id %(number)s is not confirmed for this account: ask staff to confirm it, or leave it empty.",
            number=number,
        )


def confirmed(account_id: int) -> list[ConfirmedNumber]:
    """The numbers that staff confirmed for an account."""
    rows = ConfirmedNumber.select().where(ConfirmedNumber.account_id == account_id)
    return list(rows.order_by(ConfirmedNumber.id))


def confirm(account_id: int, number: str, person_id: int | None, now: int) -> None:
    """Record that staff confirmed a number for an account; audited.

    Inside a transaction.  Raises Conflict when it is confirmed already.
    """
    number = national(number.strip())
    if not _NUMBER.fullmatch(number):
        raise BadInput("The caller id %(number)s is not 3 to 15 digits.", number=number)
    accounts.one_at_a_time(account_id)
    kept = confirmed(accounts.get(account_id).id)
    if any(row.number == number for row in kept):
        raise Conflict("The number %(number)s is confirmed already.", number=number)
    if len(kept) >= MOST:
        raise Conflict("An account has at most %(most)s confirmed numbers.", most=MOST)
    ConfirmedNumber.create(account_id=account_id, number=number, confirmed_by=person_id, confirmed_at=now)
    audit_log.record(
        person_id, account_id, "caller_id.confirm", f"account {account_id}", now, after={"caller_id": number}
    )


def forget(account_id: int, number: str, person_id: int | None, now: int) -> None:
    """Remove a confirmed number; audited.  `campaigns.own_numbers` also pauses the campaigns that show it."""
    number = national(number.strip())
    gone = ConfirmedNumber.delete().where(
        ConfirmedNumber.account_id == account_id, ConfirmedNumber.number == number
    )
    if not gone.execute():
        raise NotFound("The number %(number)s is not confirmed for this account.", number=number)
    audit_log.record(
        person_id,
        account_id,
        "caller_id.withdraw",
        f"account {account_id}",
        now,
        before={"caller_id": number},
    )


def check_with(kind: str, number: str, gateways: Iterable[Gateway], policy: Policy) -> None:
    """As `check`, for a known `number`; empty means that each gateway shows its own."""
    prefix = range_of(kind, policy)
    if not prefix:
        return
    if number:
        if not fits(number, prefix):
            raise CallerIdNotAllowed(
                "Advertising calls must show a number that begins with %(range)s; the caller id %(number)s does not.",
                range=prefix,
                number=number,
            )
        return
    if not any(fits(row.caller_id, prefix) for row in gateways):
        raise CallerIdNotAllowed(
            "Advertising calls must show a number that begins with %(range)s: give the campaign such "
            "a caller id, or ask staff to give one to the account or to its gateways.",
            range=prefix,
        )
