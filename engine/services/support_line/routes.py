"""The gateway for a number: for agents' outside numbers and call-backs."""

from __future__ import annotations

from engine.services.numbering import dialled
from engine.services.numbering.numbers import dial_digits
from engine.store.tables.core import Destination, Gateway


def gateway_for(number: str, switch_name: str, gateways: list[Gateway]) -> Gateway | None:
    """The first gateway of the switch that takes the number and is not being drained; None if there is none.

    The longest matching prefix goes before the priority, as for campaigns.
    """
    digits = number[1:]
    found = [
        (max((len(prefix) for prefix in row.prefixes.split() if digits.startswith(prefix)), default=0), row)
        for row in gateways
        if not row.is_draining
        and row.switch_name in ("", switch_name)
        and (not row.prefixes or any(digits.startswith(prefix) for prefix in row.prefixes.split()))
    ]
    return min(found, key=lambda one: (-one[0], one[1].priority, one[1].id))[1] if found else None


def all_gateways() -> list[Gateway]:
    """The gateways as they are."""
    return list(Gateway.select())


def is_open(number: str) -> bool:
    """Whether numbers of this range may be rung at all (the longest prefix of the destinations decides)."""
    digits = number[1:]
    prefixes = [digits[:length] for length in range(1, len(digits) + 1)]
    rows = {row.prefix: row for row in Destination.select().where(Destination.prefix.in_(prefixes))}
    if not rows:
        return number.startswith("+98")
    return bool(rows[max(rows, key=len)].is_open)


def shown_digits(number: str) -> str:
    """A number as an agent's telephone shows it."""
    return dial_digits(number)


def dialled_on(gateway: Gateway, number: str) -> str:
    """What is dialled on a gateway for a number (E.164)."""
    return dialled.dialled(number.removeprefix("+"), gateway.number_format, gateway.dial_prefix)
