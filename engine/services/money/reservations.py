"""Reservations: money set aside for campaigns, and its release.

A campaign reserves what it may cost at its start, or as much of it as the
account has, and more in slices while it runs.  A claim is let through only
if what is held covers all calls that are up and the new one.  What is left
returns when the campaign has ended and its last call with it.  What calls
take out of it is in `charges`.

Everything here runs inside a transaction.  Locks are taken in the order
campaign's counts, reservation, balance.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from engine.services.money import pricing
from engine.services.money.ledger import NoCredit, spendable
from engine.services.money.pricing import Price, Quote
from engine.states import OVER_STATES, AttemptState
from engine.store.ledger import BALANCE, RESERVED, book_new, execute_locked
from engine.store.sql import changed, execute, one_of, over_values
from engine.store.tables.core import Campaign, CampaignCounts, Message
from engine.store.tables.money import Reservation

log = logging.getLogger(__name__)

SLICE_CALLS = 200  # a further slice covers this many calls: few bookings, and little money held needlessly
REPEATS = 3  # how often a message is expected to be heard at most, with a key that repeats it


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed for a campaign; never changes, so it may be kept."""

    campaign_id: int
    account_id: int
    price: Price
    call_ms: int
    is_standing: bool  # holds quick sends, which have a price each

    def cost(self, is_mobile: bool) -> int:
        """Rials that one call may cost."""
        return self.price.of_call(self.call_ms, is_mobile)

    @property
    def dearest(self) -> int:
        return max(self.cost(True), self.cost(False))


def terms_of(campaign_id: int, now: int) -> Terms | None:
    """The terms of a campaign, frozen now if they were not yet; None: nobody pays for it."""
    rows = execute(
        "SELECT c.account_id, c.standing_key, a.is_house, r.price_id, r.call_ms FROM campaign c"
        " JOIN account a ON a.id = c.account_id LEFT JOIN reservation r ON r.campaign_id = c.id WHERE c.id = ?",
        [campaign_id],
    )
    if not rows or rows[0][2]:
        return None
    account_id, standing_key, _, price_id, call_ms = rows[0]
    if price_id is None:
        price = pricing.price_of(account_id, now)
        call_ms = _call_ms(Campaign.get_by_id(campaign_id))
        execute(
            "INSERT INTO reservation (campaign_id, account_id, price_id, call_ms, held, charged, is_open, round,"
            " slices, opened_at) VALUES (?, ?, ?, ?, 0, 0, TRUE, 1, 0, ?) ON CONFLICT DO NOTHING",
            [campaign_id, account_id, price.id, call_ms, now],
        )
    else:
        price = pricing.version(price_id)
    if price.is_free and not standing_key:
        return None
    return Terms(campaign_id, account_id, price, call_ms, bool(standing_key))


def can_go_on(campaign_id: int) -> bool:
    """Whether a campaign that was paused for lack of credit can pay its next call; inside a connection."""
    row = Reservation.get_or_none(Reservation.campaign_id == campaign_id)
    if row is None:
        return True
    terms = Terms(campaign_id, row.account_id, pricing.version(row.price_id), row.call_ms, False)
    free = row.held + pricing.available(row.account_id)
    return bool(free >= dearest_of(terms, CampaignCounts.get_by_id(campaign_id)))


def charged(campaign_id: int) -> int | None:
    """What the calls of a campaign have cost so far (Rials); None: nobody pays for it."""
    rows = execute("SELECT charged FROM reservation WHERE campaign_id = ?", [campaign_id])
    return int(rows[0][0]) if rows else None


def quote_of(campaign_id: int, now: int, text_parts: int = 0) -> Quote:
    """What a campaign that has not started would cost at most with the numbers that it has; inside a connection.

    Of its calls this is what the start reserves.  `text_parts` are those of the longest text that follows them.
    """
    row, counts = Campaign.get_by_id(campaign_id), CampaignCounts.get_by_id(campaign_id)
    callable_ = max(0, counts.total - counts.excluded)
    mobiles = min(callable_, int(counts.mobiles))
    return pricing.quote(row.account_id, mobiles, callable_ - mobiles, _call_ms(row), now, text_parts)


def _call_ms(row: Campaign) -> int:
    """How long one call of a campaign is expected to be heard at most."""
    message = Message.get_or_none(Message.id == row.message_id) if row.message_id else None
    message_ms = int(message.duration_ms) if message is not None and not row.text else None
    return longest_heard_ms(message_ms, int(row.max_length_s), repeats=bool(row.repeat_key))


def longest_heard_ms(message_ms: int | None, longest_s: int, *, repeats: bool) -> int:
    """How long one call is expected to be heard at most: what its price is calculated with before and at the start.

    `message_ms` None: each recipient hears a message of its own length, up to the longest call.
    """
    if message_ms is None:
        return longest_s * 1000
    return min(longest_s * 1000, message_ms * (REPEATS if repeats else 1))


# -- opening, funding, closing ----------------------------------------------------------


def open_for(campaign_id: int, now: int) -> None:
    """Reserve for a campaign that starts or goes on: all that it may cost, or what there is.

    Raises NoCredit when that is not enough for one call.
    """
    terms = terms_of(campaign_id, now)
    if terms is None:
        return
    counts = CampaignCounts.get_by_id(campaign_id)
    held, _ = lock(campaign_id)
    one = dearest_of(terms, counts)
    fund(terms, max(one, min(expected(terms, counts), rest_of(terms, counts))) - held, now)
    held, _ = lock(campaign_id)
    if held < one:
        raise NoCredit(one, held + spendable(terms.account_id))


def expected(terms: Terms, counts: CampaignCounts) -> int:
    """What the recipients that have no end yet may cost, each called once with success."""
    left = counts.waiting + counts.retry_wait + counts.live
    mobiles = -(-left * counts.mobiles // max(1, counts.total - counts.excluded, counts.mobiles))
    return int(mobiles * terms.cost(True) + (left - mobiles) * terms.cost(False))


def rest_of(terms: Terms, counts: CampaignCounts) -> int:
    """What is left of «at most», as it was told before the start: all that may be called, less what was charged."""
    callable_ = max(0, counts.total - counts.excluded)
    mobiles = min(callable_, int(counts.mobiles))
    whole = mobiles * terms.cost(True) + (callable_ - mobiles) * terms.cost(False)
    return int(whole - (charged(terms.campaign_id) or 0))


def average_cost(campaign_id: int) -> float:
    """What one call of a campaign that has started costs on average (Rials); inside a connection."""
    row = Reservation.get_or_none(Reservation.campaign_id == campaign_id)
    if row is None:
        return 0.0
    terms = Terms(campaign_id, row.account_id, pricing.version(row.price_id), row.call_ms, False)
    counts = CampaignCounts.get_by_id(campaign_id)
    share = min(1.0, counts.mobiles / max(1, counts.total - counts.excluded))
    return share * terms.cost(True) + (1 - share) * terms.cost(False)


def dearest_of(terms: Terms, counts: CampaignCounts) -> int:
    """What one call may cost, of the kinds of numbers that the campaign has."""
    has_landlines = counts.total - counts.excluded > counts.mobiles
    costs = [terms.cost(False)] if has_landlines else []
    if counts.mobiles:
        costs.append(terms.cost(True))
    return max(costs, default=terms.dearest)


def fund(terms: Terms, wanted: int, now: int) -> int:
    """Move up to `wanted` Rials from the balance to a campaign's reservation; how many."""
    if wanted <= 0:
        return 0
    amount = min(wanted, spendable(terms.account_id))
    if amount <= 0:
        return 0
    _, number = lock(terms.campaign_id)
    book_new(
        terms.account_id,
        "reserve",
        f"reserve/{terms.campaign_id}/{number + 1}",
        [(BALANCE, -amount), (RESERVED, amount)],
        now,
        campaign_id=terms.campaign_id,
    )
    changed(
        "UPDATE reservation SET held = held + ?, slices = slices + 1, is_open = TRUE, closed_at = NULL"
        " WHERE campaign_id = ?",
        [amount, terms.campaign_id],
    )
    return amount


def close(campaign_id: int, now: int) -> int:
    """Return what is left of a campaign's reservation, once; the Rials.  No call of it may be up."""
    rows = execute_locked(
        "SELECT account_id, held, round FROM reservation WHERE campaign_id = ? AND is_open",
        [campaign_id],
    )
    if not rows:
        return 0
    account_id, held, number = (int(value) for value in rows[0])
    if held:
        book_new(
            account_id,
            "return",
            f"return/{campaign_id}/{number}",
            [(RESERVED, -held), (BALANCE, held)],
            now,
            campaign_id=campaign_id,
        )
    changed(
        "UPDATE reservation SET held = 0, is_open = FALSE, closed_at = ?, round = round + 1 WHERE campaign_id = ?",
        [now, campaign_id],
    )
    log.info("action=reservation_closed campaign=%d returned=%d", campaign_id, held)
    return held


def spent(campaign_id: int) -> tuple[int, int]:
    """Rials that a campaign was charged, and that are still set aside for it; inside a connection."""
    row = Reservation.get_or_none(Reservation.campaign_id == campaign_id)
    return (int(row.charged), int(row.held)) if row is not None else (0, 0)


def lock(campaign_id: int) -> tuple[int, int]:
    """What a campaign holds, and how many slices it got; locked until the transaction ends."""
    rows = execute_locked("SELECT held, slices FROM reservation WHERE campaign_id = ?", [campaign_id])
    return int(rows[0][0]), int(rows[0][1])


# -- at a claim -------------------------------------------------------------------------


def affordable(terms: Terms, recipient_ids: Sequence[int], now: int) -> tuple[set[int], int]:
    """Which of the recipients may be called now, and how many calls of the campaign are up.

    What is held must cover all calls that are up besides; a further slice is reserved if it does not.
    """
    # Locked first: of engines that claim at the same time, the second sees what the first has claimed.
    live = int(
        execute_locked("SELECT live FROM campaign_counts WHERE campaign_id = ?", [terms.campaign_id])[0][0]
    )
    held = int(execute("SELECT held FROM reservation WHERE campaign_id = ?", [terms.campaign_id])[0][0])
    if held >= (live + len(recipient_ids)) * terms.dearest:
        return set(recipient_ids), live
    # Close to the end of it: calculate exactly.
    held, _ = lock(terms.campaign_id)
    busy = sum(
        int(number) * terms.cost(bool(is_mobile))
        for is_mobile, number in execute(
            "SELECT r.is_mobile, COUNT(*) FROM attempt a JOIN recipient r ON r.id = a.recipient_id"  # noqa: S608 - constants
            f" WHERE a.campaign_id = ? AND a.state <> '{AttemptState.ENDED}' GROUP BY r.is_mobile",
            [terms.campaign_id],
        )
    )
    costs = {
        int(recipient_id): terms.cost(bool(is_mobile))
        for recipient_id, is_mobile in over_values(
            ("id",),
            [(recipient_id,) for recipient_id in recipient_ids],
            "SELECT r.id, r.is_mobile FROM v JOIN recipient r ON r.id = CAST(v.id AS BIGINT)",
        )
    }
    missing = busy + sum(costs.values()) - held
    if missing > 0:
        counts = CampaignCounts.get_by_id(terms.campaign_id)
        left = rest_of(terms, counts) - held
        if left < missing:  # some are called again whose first calls were paid
            left = expected(terms, counts) - held
        held += fund(terms, max(missing, min(SLICE_CALLS * terms.dearest, left)), now)
    free = held - busy
    allowed = set()
    for recipient_id in recipient_ids:
        cost = costs.get(recipient_id, terms.dearest)
        if cost <= free:
            free -= cost
            allowed.add(recipient_id)
    return allowed, live


def cover_of(campaign_id: int, up: Sequence[tuple[bool, int]]) -> tuple[int, int]:
    """(what a campaign holds, what the calls that are up may cost); `up`: (whether to mobiles, how many)."""
    row = Reservation.get_by_id(campaign_id)
    terms = Terms(campaign_id, row.account_id, pricing.version(row.price_id), row.call_ms, False)
    return int(row.held), sum(number * terms.cost(is_mobile) for is_mobile, number in up)


def to_close() -> list[int]:
    """Campaigns that have ended with their last call and still have an open reservation; inside a connection."""
    rows = execute(
        "SELECT r.campaign_id FROM reservation r JOIN campaign c ON c.id = r.campaign_id"  # noqa: S608 - constants
        " JOIN campaign_counts k ON k.campaign_id = c.id WHERE r.is_open AND c.standing_key = ''"
        f" AND c.state IN {one_of(OVER_STATES)} AND k.live = 0 AND k.waiting = 0 AND k.retry_wait = 0"
    )
    return [int(row[0]) for row in rows]
