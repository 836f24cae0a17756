"""What calls cost: charged with their settle, exactly once.

Each group of settles books one charge for a campaign with the sum of its
calls, in the transaction that settles them: a call is settled once, so it is
charged once.  Each attempt keeps its price and the booking.

A quick send reserves its own price when it is accepted.  The reservation is stored with
its recipient (`reserved`, `price_id`) and released when the recipient is done.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.services.money import pricing
from engine.services.money.ledger import NoCredit, spendable
from engine.services.money.reservations import Terms, lock, terms_of
from engine.states import FINAL_STATES, Disposition
from engine.store.ledger import BALANCE, RESERVED, REVENUE, add_entries, begin, book_new, execute_locked
from engine.store.settles import Settle
from engine.store.sql import changed, execute, over_values, run_over_values


def is_charged(item: Settle) -> bool:
    """Whether a call costs something: it was answered, and some of it was heard."""
    return item.end.heard_ms > 0 and item.disposition == Disposition.ANSWERED


def charge_group(terms: Terms, items: Sequence[Settle], now: int) -> None:
    """Charge answered calls of one campaign, just settled in this transaction."""
    price = terms.price
    attempt_ids = [item.attempt_id for item in items]
    txn_id = _begin_charge(terms, attempt_ids, now)
    # The prices are constants of the statement: campaigns of one price share it, and it stays prepared.
    charged = list(
        over_values(
            ("id", "txn"),
            [(attempt_id, txn_id) for attempt_id in attempt_ids],
            "UPDATE attempt SET ledger_txn_id = CAST(v.txn AS BIGINT), price ="  # noqa: S608 - integers of ours
            f" (attempt.heard_ms + {price.pulse_ms - 1}) / {price.pulse_ms} * CASE WHEN (SELECT r.is_mobile"
            f" FROM recipient r WHERE r.id = attempt.recipient_id) THEN {price.mobile} ELSE {price.landline} END"
            " FROM v WHERE attempt.id = CAST(v.id AS BIGINT) RETURNING attempt.recipient_id, attempt.price",
        )
    )
    total = sum(rials for _, rials in charged)
    _add_costs(charged)
    held, _ = lock(terms.campaign_id)
    # More was heard than expected (a message repeated, one answered twice): the balance pays the rest.
    _end_charge(terms, txn_id, total, min(total, held))


def charge_quick(terms: Terms, items: Sequence[Settle], now: int) -> None:
    """As `charge_group`, for quick sends: each has its own price and its own reservation."""
    facts = {
        int(row[0]): (bool(row[1]), row[2], int(row[3]))
        for row in over_values(
            ("id",),
            [(item.recipient_id,) for item in items],
            "SELECT r.id, r.is_mobile, r.price_id, r.reserved FROM v JOIN recipient r"
            " ON r.id = CAST(v.id AS BIGINT)",
        )
    }
    priced: list[tuple[int, int]] = []
    taken: list[tuple[int, int]] = []
    costs: list[tuple[int, int]] = []
    for item in items:
        is_mobile, price_id, reserved = facts[item.recipient_id]
        price = terms.price if price_id is None else pricing.version(price_id)
        rials = price.of_call(item.end.heard_ms, is_mobile)
        if rials:
            priced.append((item.attempt_id, rials))
            taken.append((item.recipient_id, min(rials, reserved)))
            costs.append((item.recipient_id, rials))
    if not priced:
        return
    txn_id = _begin_charge(terms, [attempt_id for attempt_id, _ in priced], now)
    run_over_values(
        ("id", "price", "txn"),
        [(attempt_id, rials, txn_id) for attempt_id, rials in priced],
        "UPDATE attempt SET price = CAST(v.price AS BIGINT), ledger_txn_id = CAST(v.txn AS BIGINT) FROM v"
        " WHERE attempt.id = CAST(v.id AS BIGINT) RETURNING attempt.id",
    )
    _add_costs(costs)
    run_over_values(
        ("id", "taken"),
        taken,
        "UPDATE recipient SET reserved = recipient.reserved - CAST(v.taken AS BIGINT) FROM v"
        " WHERE recipient.id = CAST(v.id AS BIGINT) RETURNING recipient.id",
    )
    total = sum(rials for _, rials in priced)
    lock(terms.campaign_id)
    _end_charge(terms, txn_id, total, sum(rials for _, rials in taken))


def _add_costs(charged: Sequence[Sequence[int]]) -> None:
    """Add what calls cost to what their recipients have cost: (recipient, Rials)."""
    sums: dict[int, int] = {}
    for recipient_id, rials in charged:
        sums[recipient_id] = sums.get(recipient_id, 0) + rials
    run_over_values(
        ("id", "rials"),
        list(sums.items()),
        "UPDATE recipient SET cost = recipient.cost + CAST(v.rials AS BIGINT) FROM v"
        " WHERE recipient.id = CAST(v.id AS BIGINT) RETURNING recipient.id",
    )


def _begin_charge(terms: Terms, attempt_ids: Sequence[int], now: int) -> int:
    txn_id = begin(
        terms.account_id,
        "charge",
        # An attempt is settled once, so the first one of a group names it.
        f"charge/{min(attempt_ids)}",
        now,
        campaign_id=terms.campaign_id,
        first_attempt_id=min(attempt_ids),
        last_attempt_id=max(attempt_ids),
    )
    if txn_id is None:
        raise ValueError(f"attempt {min(attempt_ids)} was charged before it was settled")
    return txn_id


def _end_charge(terms: Terms, txn_id: int, total: int, from_held: int) -> None:
    changed(
        "UPDATE reservation SET held = held - ?, charged = charged + ? WHERE campaign_id = ?",
        [from_held, total, terms.campaign_id],
    )
    add_entries(
        txn_id,
        terms.account_id,
        [(RESERVED, -from_held), (BALANCE, from_held - total), (REVENUE, total)],
        terms.campaign_id,
    )


# -- quick sends ------------------------------------------------------------------------


def reserve_quick(
    campaign_id: int, recipients: Sequence[tuple[int, bool]], message_ms: int, now: int
) -> None:
    """Reserve for quick sends that were just accepted: (recipient, whether it is a mobile), in one booking.

    Raises NoCredit when there is not enough for all of them.
    """
    terms = terms_of(campaign_id, now)
    if terms is None or not recipients:
        return
    price = pricing.price_of(terms.account_id, now)
    costs = [(recipient_id, price.of_call(message_ms, is_mobile)) for recipient_id, is_mobile in recipients]
    total = sum(cost for _, cost in costs)
    run_over_values(
        ("id", "price", "cost"),
        [(recipient_id, price.id, cost) for recipient_id, cost in costs],
        "UPDATE recipient SET price_id = CAST(v.price AS BIGINT), reserved = CAST(v.cost AS BIGINT) FROM v"
        " WHERE recipient.id = CAST(v.id AS BIGINT) RETURNING recipient.id",
    )
    if not total:
        return
    lock(campaign_id)
    free = spendable(terms.account_id)
    if total > free:
        raise NoCredit(total, free)
    book_new(
        terms.account_id,
        "reserve",
        f"reserve/quick/{costs[0][0]}",
        [(BALANCE, -total), (RESERVED, total)],
        now,
        campaign_id=campaign_id,
    )
    changed(
        "UPDATE reservation SET held = held + ?, slices = slices + 1 WHERE campaign_id = ?",
        [total, campaign_id],
    )


_ENDED = ", ".join(f"'{state.value}'" for state in FINAL_STATES)


def ended_quick(limit: int = 2_000) -> list[tuple[int, int]]:
    """(campaign, recipient) of quick sends that have ended and still hold money; inside a connection."""
    rows = execute(
        f"SELECT campaign_id, id FROM recipient WHERE reserved > 0 AND state IN ({_ENDED}) LIMIT {limit:d}"  # noqa: S608 - constants
    )
    return [(int(campaign_id), int(recipient_id)) for campaign_id, recipient_id in rows]


def release_quick(campaign_id: int, recipient_ids: Sequence[int], now: int) -> None:
    """Release, once, what ended quick sends of a standing campaign still hold."""
    rows = execute_locked("SELECT account_id FROM reservation WHERE campaign_id = ?", [campaign_id])
    total = 0
    released: list[int] = []
    for recipient_id in sorted(recipient_ids):
        held = execute_locked(
            f"SELECT reserved FROM recipient WHERE id = ? AND reserved > 0 AND state IN ({_ENDED})",  # noqa: S608 - constants
            [recipient_id],
        )
        if held:
            total += int(held[0][0])
            released.append(recipient_id)
            execute("UPDATE recipient SET reserved = 0 WHERE id = ?", [recipient_id])
    if not released:
        return
    book_new(
        int(rows[0][0]),
        "return",
        f"return/quick/{released[0]}",
        [(RESERVED, -total), (BALANCE, total)],
        now,
        campaign_id=campaign_id,
    )
    changed("UPDATE reservation SET held = held - ? WHERE campaign_id = ?", [total, campaign_id])
