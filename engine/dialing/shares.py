"""Fair shares: how the places that are free are divided.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Demand:
    """A campaign that could use up to `want` places; its account has a weight of its own."""

    campaign_id: int
    account_id: int
    weight: int
    want: int
    account_weight: int = 1


def allot(places: int, demands: Sequence[Demand], turn: int = 0) -> dict[int, int]:
    """Divide `places` between accounts by their weight, and inside each between its campaigns.

    Nobody gets more than it wants; what one leaves goes to the others.  Places
    that do not divide go round with `turn`, so that no one is always last.
    The result's sum is the smaller of `places` and all wants.
    """
    by_account: dict[int, list[Demand]] = {}
    for demand in demands:
        if demand.want > 0:
            by_account.setdefault(demand.account_id, []).append(demand)
    of_account = _divide(
        places,
        {
            key: (max(d.account_weight for d in group), sum(d.want for d in group))
            for key, group in by_account.items()
        },
        turn,
    )
    out: dict[int, int] = {}
    for account_id, share in of_account.items():
        group = by_account[account_id]
        out.update(_divide(share, {d.campaign_id: (d.weight, d.want) for d in group}, turn))
    return out


def _divide(places: int, wants: dict[int, tuple[int, int]], turn: int) -> dict[int, int]:
    """Divide by weight with a ceiling each: {key: (weight, want)} -> {key: places}."""
    given = dict.fromkeys(wants, 0)
    left = places
    while left > 0:
        hungry = [key for key, (_, want) in wants.items() if given[key] < want]
        if not hungry:
            break
        total = sum(wants[key][0] for key in hungry)
        round_left = left
        for key in hungry:
            weight, want = wants[key]
            part = min(want - given[key], round_left * weight // total)
            given[key] += part
            left -= part
        if left == round_left:  # fewer places than campaigns: one each, in turn
            start = turn % len(hungry)
            for key in (hungry[start:] + hungry[:start])[:left]:
                given[key] += 1
                left -= 1
    return given
