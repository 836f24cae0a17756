"""The result of a campaign, row by row: one for each line of its list, also for lines that were set aside.

Rows come in the order of the import, read in pages by key, so that memory stays flat and no read is long.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import tzinfo
from functools import partial
from typing import Any

from engine.clock import from_ms
from engine.services.campaigns import outcomes
from engine.services.campaigns.campaigns import columns_of
from engine.services.campaigns.outcomes import Chosen
from engine.services.lists.names import column_names, is_of_person
from engine.services.numbering.numbers import display
from engine.services.numbering.reasons import Reason
from engine.services.reports.files import Cell
from engine.states import RecipientState
from engine.store.do_not_call import numbers_source, numbers_value
from engine.store.sql import execute
from engine.store.tables.core import Campaign, Gateway, Switch

COLUMNS = (
    "number", "name", "state", "disposition", "tries", "hangup_cause", "sip_status", "answered_at",
    "heard_s", "vote", "gateway", "switch", "attempt_uuid", "finished_at",
)  # fmt: skip
PAGE_ROWS = 2_000

_E164 = re.compile(r"\+[0-9]{6,15}")
_AS_WRITTEN = frozenset(one.value for one in Reason if not one.has_number)
_ROWS = (
    "SELECT r.id, r.number, r.state, r.reason, r.variables, r.tries + r.uncounted_tries, r.disposition, r.finished_at,"
    " a.hangup_cause, a.sip_status, a.answered_at, a.heard_ms, a.vote, a.gateway_id, a.switch_id, a.uuid"
    " FROM recipient r LEFT JOIN attempt a ON a.id = r.attempt_id"
)
_PAGE = _ROWS + " WHERE r.campaign_id = ? AND r.id > ? ORDER BY r.id LIMIT ?"
_CHOSEN = _ROWS + " WHERE r.id IN "

# Runs a function with a connection; its result (`engine.store.threads.read`).
Read = Callable[[Callable[[], Any]], Any]


def report_columns(campaign: Campaign) -> list[str]:
    """The header of a campaign's report: `COLUMNS`, then the columns of the list.

    The list's name column is our column ``name``.  A column of the list with the name of one of ours gets a number
    after its name.
    """
    own = columns_of(campaign)
    at = name_column(own)
    rest = [name for index, name in enumerate(own) if index != at]
    return column_names([*COLUMNS, *rest], len(COLUMNS) + len(rest))


def report_rows(
    campaign: Campaign, zone: tzinfo, read: Read, chosen: Chosen | None = None
) -> Iterator[tuple[Cell, ...]]:
    """The rows of a campaign's report, cells as in `report_columns`; instants are ISO texts in `zone`.

    With `chosen`: only those rows, in its order.
    """
    own = columns_of(campaign)
    name_at = name_column(own)
    gateways, switches = read(_names)
    for row in _all_rows(campaign.id, read) if chosen is None else _chosen_rows(campaign.id, chosen, read):
        yield _cells(row, len(own), name_at, gateways, switches, zone)


def _all_rows(campaign_id: int, read: Read) -> Iterator[tuple[Any, ...]]:
    last_id = 0
    while True:
        page = read(partial(execute, _PAGE, [campaign_id, last_id, PAGE_ROWS]))
        yield from page
        if len(page) < PAGE_ROWS:
            return
        last_id = page[-1][0]


def _chosen_rows(campaign_id: int, chosen: Chosen, read: Read) -> Iterator[tuple[Any, ...]]:
    after: outcomes.Key | None = None
    while True:
        keys = read(partial(outcomes.ids, campaign_id, chosen, after, PAGE_ROWS))
        wanted = numbers_value([row_id for _, row_id in keys])
        found = {row[0]: row for row in read(partial(execute, _CHOSEN + numbers_source(), [wanted]))}
        yield from (found[row_id] for _, row_id in keys if row_id in found)
        if len(keys) < PAGE_ROWS:
            return
        after = keys[-1]


def _cells(
    row: tuple[Any, ...],
    width: int,
    name_at: int | None,
    gateways: dict[int, str],
    switches: dict[int, str],
    zone: tzinfo,
) -> tuple[Cell, ...]:
    (_, number, state, reason, variables, tries, disposition, finished_at,
     cause, sip_status, answered_at, heard_ms, vote, gateway_id, switch_id, uuid) = row  # fmt: skip
    own: list[str] = json.loads(variables) if variables else []
    own += [""] * (width - len(own))
    name = own.pop(name_at) if name_at is not None else ""
    return (
        display(number) if is_number(number, reason) else number,
        name,
        state,
        reason if state == RecipientState.EXCLUDED else disposition,
        tries,
        cause,
        sip_status,
        _iso(answered_at, zone),
        None if heard_ms is None else heard_ms / 1000,
        vote,
        gateways.get(gateway_id, ""),
        switches.get(switch_id, ""),
        uuid,
        _iso(finished_at, zone),
        *own,
    )


def is_number(text: str, reason: str) -> bool:
    """Whether a recipient's `number` is a telephone number, not a refused text that was kept in its place."""
    return reason not in _AS_WRITTEN and _E164.fullmatch(text) is not None


def _iso(at_ms: int | None, zone: tzinfo) -> str | None:
    return None if at_ms is None else from_ms(at_ms).astimezone(zone).isoformat(timespec="seconds")


def _names() -> tuple[dict[int, str], dict[int, str]]:
    gateways = {row.id: row.name for row in Gateway.select(Gateway.id, Gateway.name)}
    return gateways, {row.id: row.name for row in Switch.select(Switch.id, Switch.name)}


def name_column(columns: list[str]) -> int | None:
    """The index of the list's column that holds people's names, or None."""
    return next((index for index, name in enumerate(columns) if is_of_person(name)), None)
