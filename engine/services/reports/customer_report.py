"""The result of a campaign for its owner: in their language and calendar, with the cost of each call, without internal
codes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from engine.services.campaigns import outcomes
from engine.services.campaigns.campaigns import columns_of
from engine.services.campaigns.outcomes import Chosen, RecipientLine
from engine.services.lists.names import column_names
from engine.services.numbering.numbers import display
from engine.services.reports.campaign_report import Read, is_number, name_column
from engine.services.reports.files import Cell
from engine.store.tables.core import Campaign

PAGE_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class ReaderWords:
    """The reader's words: headers, outcomes and reasons in their language, instants (ms) in their calendar."""

    headers: tuple[
        str, ...
    ]  # number, name, outcome, tries, last call, heard (s), key, recording, [cost], end
    outcomes: dict[str, str]
    reasons: dict[str, str]  # why somebody was set aside
    instant: Callable[[int], str]
    yes: str
    has_cost: bool


def columns(campaign: Campaign, words: ReaderWords) -> list[str]:
    """The header: the reader's words, then the columns of the list."""
    own = columns_of(campaign)
    at = name_column(own)
    rest = [name for index, name in enumerate(own) if index != at]
    return column_names([*words.headers, *rest], len(words.headers) + len(rest))


def rows(campaign: Campaign, chosen: Chosen, words: ReaderWords, read: Read) -> Iterator[tuple[Cell, ...]]:
    """The chosen rows in their order, cells as in `columns`."""
    own = columns_of(campaign)
    name_at = name_column(own)
    after: outcomes.Key | None = None
    while True:
        page: list[RecipientLine] = read(partial(outcomes.page, campaign.id, chosen, after, PAGE_ROWS))
        for line in page:
            yield _cells(line, len(own), name_at, words)
        if len(page) < PAGE_ROWS:
            return
        after = page[-1].key


def name_of(variables: str, name_at: int | None) -> str:
    """A recipient's name, from the stored cells of its line; empty when the list has no such column."""
    own = json.loads(variables) if variables and name_at is not None else []
    return str(own[name_at]) if name_at is not None and name_at < len(own) else ""


def _cells(line: RecipientLine, width: int, name_at: int | None, words: ReaderWords) -> tuple[Cell, ...]:
    row, last = line.recipient, line.last
    own: list[str] = json.loads(row.variables) if row.variables else []
    own += [""] * (width - len(own))
    name = own.pop(name_at) if name_at is not None else ""
    outcome = words.outcomes[outcomes.word_of(row)]
    if row.reason:
        outcome = f"{outcome}: {words.reasons.get(row.reason, row.reason)}"
    cost = (line.cost,) if words.has_cost else ()
    return (
        display(row.number) if is_number(row.number, row.reason) else row.number,
        name,
        outcome,
        len(line.attempts),
        words.instant(last.created_at) if last else None,
        line.heard_ms / 1000 if line.attempts else None,
        line.vote,
        words.yes if any(one.record_ms for one in line.attempts) else "",
        *cost,
        words.instant(row.finished_at) if row.finished_at else None,
        *own,
    )
