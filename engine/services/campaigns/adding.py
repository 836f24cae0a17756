"""Adding single numbers to a campaign, as programs do, with a reason for each number that cannot be added.

`read_row` needs no store; `add` runs inside a transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from engine.errors import BadInput, Conflict
from engine.fold import fold
from engine.services.campaigns import references
from engine.services.campaigns.recipients import reopen
from engine.services.compliance.do_not_call import as_integer, lists_for
from engine.services.messages.personal import UNPREPARED
from engine.services.numbering.numbers import LineKind, NormalNumber, NumberRules
from engine.services.numbering.reasons import Reason
from engine.states import CampaignState, RecipientState
from engine.store import do_not_call
from engine.store.bulk import insert_rows
from engine.store.counts import add_counts
from engine.store.tables.core import Campaign, CampaignCounts, Recipient

MAX_VARIABLES = 50
MAX_CELL = 1_000  # characters
MAX_ROWS = 1_000  # of one transaction
_COLUMNS = (
    "campaign_id", "line", "number", "is_mobile", "state", "reason", "variables", "prompt", "tries",
    "uncounted_tries", "next_at", "avoid_gateway_id", "disposition", "reserved",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GivenRow:
    """One recipient to be added; `number` is a number that was read, or the reason why it cannot be called."""

    number: NormalNumber | Reason
    reference: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AddedRow:
    """The result for one number: the recipient's id, or the reason why it was not added."""

    recipient_id: int | None
    reason: Reason | None = None


def read_row(number: str, reference: str, variables: Mapping[str, str], accepted: NumberRules) -> GivenRow:
    """Read a recipient from what was written; BadInput for an invalid reference or invalid variables."""
    found = accepted.read(number)
    return given_row(found, reference, variables)


def given_row(number: NormalNumber | Reason, reference: str, variables: Mapping[str, str]) -> GivenRow:
    """A recipient whose number was already read; BadInput as in `read_row`."""
    if len(variables) > MAX_VARIABLES:
        raise BadInput("A recipient has at most %(n)s variables.", n=MAX_VARIABLES)
    for name, value in variables.items():
        if not name.strip() or len(name) > 60 or len(value) > MAX_CELL:
            raise BadInput(
                "A variable has a name of 1 to 60 characters and a text of at most %(n)s.", n=MAX_CELL
            )
    return GivenRow(number, references.check(reference), variables)


def add(campaign_id: int, rows: Sequence[GivenRow]) -> list[AddedRow]:
    """Add up to `MAX_ROWS` recipients; what became of each, in their order.  Conflict when it takes no more.

    A number that is in the campaign already is `Reason.DUPLICATE`, one that may not be called `Reason.DO_NOT_CALL`.
    """
    campaign = Campaign.get_by_id(campaign_id)
    if campaign.state == CampaignState.STOPPED:
        raise Conflict("Campaign %(id)s was stopped and takes no more recipients.", id=campaign_id)
    columns = _widened(campaign, rows)
    numbers = [each.number for each in rows]
    wanted = [as_integer(number.e164) for number in numbers if isinstance(number, NormalNumber)]
    listed = do_not_call.find(lists_for(campaign.kind, campaign.account_id), wanted)
    line = int(CampaignCounts.get_by_id(campaign_id).total)
    due_at = UNPREPARED if campaign.text else 0
    values: list[tuple[object, ...]] = []
    first: dict[str, int] = {}  # which row brings the number
    for at, each in enumerate(rows):
        number = each.number
        if not isinstance(number, NormalNumber) or number.e164 in first or as_integer(number.e164) in listed:
            continue
        first[number.e164] = at
        line += 1
        by_name = {fold(name): text for name, text in each.variables.items()}
        cells = [by_name.get(fold(name), "") for name in columns]
        values.append(
            (
                campaign_id, line, number.e164, number.kind is LineKind.MOBILE, RecipientState.PENDING.value, "",
                orjson.dumps(cells).decode() if any(cells) else "", "", 0, 0, due_at, 0, "", 0,
            )
        )  # fmt: skip
    made = insert_rows(Recipient, _COLUMNS, values, "ON CONFLICT DO NOTHING RETURNING id, number, is_mobile")
    ids = {str(number): int(recipient_id) for recipient_id, number, _ in made}
    mobiles = sum(bool(is_mobile) for _, _, is_mobile in made)
    if made:
        add_counts(campaign_id, {"waiting": len(made), "total": len(made), "mobiles": mobiles})
        reopen(campaign_id, len(made))
    references.note(
        campaign_id, [(ids[e164], rows[at].reference) for e164, at in first.items() if e164 in ids]
    )
    return [_added(at, number, ids, first, listed) for at, number in enumerate(numbers)]


def _added(
    at: int, number: NormalNumber | Reason, ids: Mapping[str, int], first: Mapping[str, int], listed: set[int]
) -> AddedRow:
    if not isinstance(number, NormalNumber):
        return AddedRow(None, number)
    if as_integer(number.e164) in listed:
        return AddedRow(None, Reason.DO_NOT_CALL)
    if first.get(number.e164) != at or number.e164 not in ids:
        return AddedRow(None, Reason.DUPLICATE)
    return AddedRow(ids[number.e164])


def _widened(campaign: Campaign, rows: Sequence[GivenRow]) -> list[str]:
    """The campaign's columns, those that these rows bring added at the end."""
    known: list[str] = json.loads(campaign.columns)
    have = set(map(fold, known))
    wider = list(known)
    for row in rows:
        for name in row.variables:
            if fold(name) not in have:
                have.add(fold(name))
                wider.append(name)
    if len(wider) > MAX_VARIABLES:
        raise BadInput("A recipient has at most %(n)s variables.", n=MAX_VARIABLES)
    if wider != known:
        Campaign.update(columns=json.dumps(wider, ensure_ascii=False)).where(
            Campaign.id == campaign.id
        ).execute()
    return wider
