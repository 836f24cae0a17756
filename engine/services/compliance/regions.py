"""Regions: the area code that a call shows, and the gateways that show it.  Inside a connection."""

from __future__ import annotations

from engine.errors import NotFound
from engine.services.accounts import accounts
from engine.services.compliance.caller_ids import national
from engine.services.numbering.provinces import PROVINCES
from engine.services.trunks import gateways


class NoRegion(NotFound):
    """No gateway that the account may use shows numbers of this region."""


def gateways_of(account_id: int, region: int) -> tuple[str, ...]:
    """Names of the account's gateways whose caller id has the area code `region` (21, 31 …); for 0 empty, which means any.

    Raises NoRegion.
    """
    if not region:
        return ()
    area = f"0{region}"
    if area not in PROVINCES:
        raise NoRegion("There is no region %(id)s; regions are area codes, such as 21.", id=region)
    permitted = accounts.get(account_id).gateways.split()
    found = tuple(
        str(row.name)
        for row in gateways.all_gateways()
        if national(row.caller_id).startswith(area) and (not permitted or row.name in permitted)
    )
    if not found:
        raise NoRegion("No gateway shows numbers of the region %(id)s.", id=region)
    return found
