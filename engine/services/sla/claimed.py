"""Credits of claims: the discount of a month by the claimed outages alone, once the month has its statement.

The agreement gives a credit for what was claimed: the month is calculated with
the outages of the account's approved claims, and what it comes to is booked;
a further claim of the same month books the difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from engine.agreement.calculation import Calculation, calculate
from engine.agreement.months import Month
from engine.sentences import kept
from engine.services.sla import availability, credits
from engine.services.sla.claim_states import ClaimKind, ClaimState, move
from engine.services.sla.locks import is_closed
from engine.store.sql import execute
from engine.store.tables.sla import Claim, ClaimOutage, OutageRecord, Statement


def due(month: Month, credited_too: bool) -> dict[int, list[Claim]]:
    """Approved claims about outages of a month, by account; with `credited_too` also those paid before."""
    states = [ClaimState.APPROVED, ClaimState.CREDITED] if credited_too else [ClaimState.APPROVED]
    rows = (
        Claim.select(Claim)
        .join(ClaimOutage, on=(ClaimOutage.claim_id == Claim.id))
        .join(OutageRecord, on=(OutageRecord.id == ClaimOutage.outage_id))
        .where(
            Claim.kind == ClaimKind.OUTAGE,
            Claim.state.in_(states),
            OutageRecord.start_at < month.end * 1000,
            OutageRecord.end_at.is_null() | (OutageRecord.end_at > month.start * 1000),
        )
        .distinct()
    )
    found: dict[int, list[Claim]] = defaultdict(list)
    for row in rows:
        found[row.account_id].append(row)
    return dict(sorted(found.items()))


def settle(claims: dict[int, list[Claim]], month: Month, now: int) -> int:
    """Book what claims of a month come to, in a transaction that holds the month; how many bookings.

    An account whose month has no statement yet is left for later.
    """
    booked = 0
    for account_id, of_account in claims.items():
        first = Statement.get_or_none(
            Statement.account_id == account_id, Statement.month == month.key, Statement.sequence == 0
        )
        if first is None:
            continue
        if first.discount_rials is not None:
            memo = kept("given to every customer, statement %(number)s", number=first.number)
        else:
            calculation = claimed_month(account_id, month, now)
            keep_evidence([calculation])
            minutes = calculation.as_known.minutes
            memo = kept(
                "%(n)s %% for %(minutes)s minutes of claimed downtime in %(month)s, statement %(number)s",
                n=calculation.discount,
                minutes=minutes,
                month=month.key,
                number=first.number,
            )
            price = first.subscription_rials
            rials = credits.amount(price, calculation.discount) if price is not None else 0
            booked += bool(
                credits.settle_month(
                    account_id, month.key, calculation.discount, rials, memo, calculation.evidence_sha256, now
                )
            )
        for claim in of_account:
            if claim.state == ClaimState.APPROVED and _all_settled(claim, month):
                move(claim.id, ClaimState.APPROVED, ClaimState.CREDITED, None, memo, now)
    return booked


def claimed_month(account_id: int, month: Month, now: int) -> Calculation:
    """A month of one account by the outages of its approved claims alone."""
    rows = (
        ClaimOutage.select(ClaimOutage.outage_id)
        .join(Claim, on=(Claim.id == ClaimOutage.claim_id))
        .where(
            Claim.account_id == account_id,
            Claim.kind == ClaimKind.OUTAGE,
            Claim.state.in_([ClaimState.APPROVED, ClaimState.CREDITED]),
        )
    )
    claimed = {row.outage_id for row in rows}
    records = availability.records(month, now)
    return calculate(
        month,
        [
            each
            for each in records.outages
            if each.record_id in claimed and each.account in (None, account_id)
        ],
        [each for each in records.exclusions if each.account in (None, account_id)],
        records.terms,
        records.unknown,
        records.until,
    )


def keep_evidence(calculations: Iterable[Calculation]) -> None:
    """Store evidence, each under its hash and once."""
    kept: set[str] = set()
    for calculation in calculations:
        sha256 = calculation.evidence_sha256
        if sha256 not in kept:
            kept.add(sha256)
            execute(
                "INSERT INTO evidence (sha256, content) VALUES (?, ?) ON CONFLICT DO NOTHING",
                [sha256, calculation.evidence().decode()],
            )


def _all_settled(claim: Claim, settled: Month) -> bool:
    """Whether every month that the claim's outages touch is closed or the one that was settled now."""
    outages = OutageRecord.select().join(ClaimOutage, on=(ClaimOutage.outage_id == OutageRecord.id))
    for row in outages.where(ClaimOutage.claim_id == claim.id):
        if row.end_at is None:
            return False
        month = Month.containing(row.start_at // 1000, jalali=settled.is_jalali)
        while month.start * 1000 < row.end_at:
            if month.key != settled.key and not is_closed(month.key):
                return False
            month = month.next()
    return True
