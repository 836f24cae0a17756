"""Which number people see, and the range that advertising calls must come from.

Advertising is called from the range 0942 alone (the regulator's rule; the range
is a setting).  The caller id of a call is the campaign's own, else the account's,
else that of the gateway it leaves by.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import BadInput
from engine.services.accounts import accounts
from engine.services.compliance import policy
from engine.states import MessageKind
from engine.store.tables.core import Gateway


class CallerIdNotAllowed(BadInput):
    """Advertising would be called from a number outside its range."""


def national(caller_id: str) -> str:
    """A caller id as it is written inside Iran: ``98942…``, ``+98942…`` and ``0098942…`` are ``0942…``."""
    digits = caller_id.lstrip("+")
    if digits.startswith("0098"):
        digits = digits[2:]
    return "0" + digits[2:] if digits.startswith("98") else digits


def range_of(kind: str) -> str:
    """First digits that a caller id must have for messages of `kind`; empty: any will do."""
    return policy.current().advertising_prefix if kind == MessageKind.ADVERTISING else ""


def fits(caller_id: str, prefix: str) -> bool:
    """Whether a caller id is of a range of `range_of`."""
    return national(caller_id).startswith(prefix)


def check(account_id: int, kind: str, own: str, gateway_names: Iterable[str]) -> None:
    """Raise CallerIdNotAllowed unless a campaign could be called as the rule wants; inside a connection.

    `own` is the campaign's caller id, `gateway_names` those it may use (none: all).  With neither the
    campaign's nor the account's number, a gateway that shows one of the range is needed; the claimer
    then uses only such gateways.
    """
    if not range_of(kind):
        return
    names = set(gateway_names)
    rows = [row for row in Gateway.select() if not names or row.name in names]
    check_with(kind, own or accounts.get(account_id).caller_id, rows)


def check_with(kind: str, number: str, gateways: Iterable[Gateway]) -> None:
    """As `check`, of the number that is shown whichever gateway it is (empty: the gateway's)."""
    prefix = range_of(kind)
    if not prefix:
        return
    if number:
        if not fits(number, prefix):
            raise CallerIdNotAllowed(
                f"Advertising is called from numbers that begin with {prefix}; the caller id {number} does not."
            )
        return
    if not any(fits(row.caller_id, prefix) for row in gateways):
        raise CallerIdNotAllowed(
            f"Advertising is called from numbers that begin with {prefix}: give the campaign such a caller id,"
            " or ask staff to give one to the account or to its gateways."
        )
