"""When an account last called a number, over all its campaigns: the smallest gap and the daily cap.

There is one row per account and number, written in the claim's transaction, so that two campaigns that reach the same
number at the same moment do not ring it together.  A call that rang nobody is taken back, so that fail-over need not
wait for the gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta, tzinfo

from engine.clock import from_ms, to_ms
from engine.store.claims import ClaimedCall, Due, Hold
from engine.store.database import is_sqlite
from engine.store.settles import Settle
from engine.store.sql import execute, over_values, run_over_values

# The person who asked for an OTP waits for it.
EXEMPT_PRIORITY = 20


class ContactRules:
    """The rule asked at each claim, and what is written with claims and settles."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone

    def rule(self, campaign_id: int, due: Sequence[Due], now: int) -> list[Hold]:
        """Recipients whose number the same account called too recently, or often enough today."""
        limits = _limits_of(campaign_id)
        if limits is None:
            return []
        account_id, gap_ms, daily = limits
        if not is_sqlite():  # wait for another engine that claims for the account at this moment
            execute("SELECT id FROM account WHERE id = ? FOR NO KEY UPDATE", [account_id])
        today = day_of(now, self.zone)
        seen = {
            number: (last_at, day, calls)
            for number, last_at, day, calls in over_values(
                ("number",),
                [(recipient.number,) for recipient in due],
                "SELECT c.number, c.last_at, c.day, c.calls FROM contact c JOIN v"
                f" ON c.account_id = {int(account_id)} AND c.number = CAST(v.number AS TEXT)",
            )
        }
        held: list[Hold] = []
        taken: set[str] = set()
        for recipient in due:
            last_at, day, calls = seen.get(recipient.number, (None, today, 0))
            due_at = now
            if last_at is not None and gap_ms:
                due_at = last_at + gap_ms
            if daily and day == today and calls >= daily:
                due_at = max(due_at, _next_midnight(now, self.zone))
            if recipient.number in taken:  # twice in one batch: the second waits for the gap
                held.append(Hold(recipient, next_at=now + max(gap_ms, 1_000)))
            elif due_at > now:
                held.append(Hold(recipient, next_at=due_at))
            else:
                taken.add(recipient.number)
        return held

    def note_claims(self, campaign_id: int, claims: Sequence[ClaimedCall], now: int) -> None:
        """Note that these numbers are being called now, in the claim's transaction."""
        limits = _limits_of(campaign_id)
        if limits is None or not claims:
            return
        account_id, today = limits[0], day_of(now, self.zone)
        run_over_values(
            ("number", "at"),
            sorted((claim.recipient.number, now) for claim in claims),
            "INSERT INTO contact (account_id, number, last_at, previous_at, day, calls)"
            f" SELECT {int(account_id)}, CAST(v.number AS TEXT), CAST(v.at AS BIGINT), NULL, {today}, 1 FROM v WHERE TRUE"
            " ON CONFLICT (account_id, number) DO UPDATE SET previous_at = contact.last_at,"
            " last_at = excluded.last_at, day = excluded.day,"
            " calls = CASE WHEN contact.day = excluded.day THEN contact.calls + 1 ELSE 1 END"
            " RETURNING number",
        )

    def take_back(self, settles: Sequence[Settle]) -> None:
        """A settle hook: uncount calls that rang nobody."""
        rang_nobody = [(item.attempt_id,) for item in settles if not item.spent_try]
        rows = over_values(
            ("id",),
            rang_nobody,
            "SELECT c.account_id, r.number, a.created_at FROM v JOIN attempt a ON a.id = CAST(v.id AS BIGINT)"
            " JOIN recipient r ON r.id = a.recipient_id JOIN campaign c ON c.id = a.campaign_id"
            f" WHERE c.priority < {EXEMPT_PRIORITY}",
        )
        self._take_back([(int(account_id), number, int(at)) for account_id, number, at in rows])

    def take_back_claims(self, campaign_id: int, claims: Sequence[ClaimedCall]) -> None:
        """Uncount released claims, in the same transaction."""
        limits = _limits_of(campaign_id)
        if limits is not None:
            self._take_back([(limits[0], claim.recipient.number, claim.at) for claim in claims])

    def _take_back(self, calls: Sequence[tuple[int, str, int]]) -> None:
        """Forget calls (account, number, time of the claim), each if it is still one of the last two to its number."""
        left = sorted(calls, key=lambda call: call[2])
        while (
            left
        ):  # a statement changes a row only once, so a number's calls are forgotten one after the other
            newest = {call[:2]: call for call in left}
            run_over_values(
                ("account_id", "number", "at", "day"),
                sorted((*call, day_of(call[2], self.zone)) for call in newest.values()),
                "UPDATE contact SET"
                " last_at = CASE WHEN contact.last_at = CAST(v.at AS BIGINT)"
                " THEN COALESCE(contact.previous_at, 0) ELSE contact.last_at END, previous_at = NULL,"
                " calls = contact.calls - CASE WHEN contact.day = CAST(v.day AS BIGINT) THEN 1 ELSE 0 END"
                " FROM v WHERE contact.account_id = CAST(v.account_id AS BIGINT)"
                " AND contact.number = CAST(v.number AS TEXT) AND contact.calls > 0"
                " AND CAST(v.at AS BIGINT) IN (contact.last_at, contact.previous_at) RETURNING contact.number",
            )
            left = [call for call in left if newest[call[:2]] is not call]


def day_of(now: int, zone: tzinfo) -> int:
    """The local day of an instant, as 20261123."""
    local = from_ms(now).astimezone(zone)
    return local.year * 10_000 + local.month * 100 + local.day


def _next_midnight(now: int, zone: tzinfo) -> int:
    """When the local day after that of `now` begins (ms)."""
    local = from_ms(now).astimezone(zone)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None) + timedelta(days=1)
    return to_ms(day.replace(tzinfo=zone))


def _limits_of(campaign_id: int) -> tuple[int, int, int] | None:
    """(account, gap in ms, calls a day) of a campaign; None when its account has no such limits."""
    rows = execute(
        "SELECT a.id, a.min_gap_s, a.max_calls_a_day FROM campaign c JOIN account a ON a.id = c.account_id"
        " WHERE c.id = ? AND c.priority < ? AND (a.min_gap_s > 0 OR a.max_calls_a_day > 0)",
        [campaign_id, EXEMPT_PRIORITY],
    )
    if not rows:
        return None
    account_id, gap_s, daily = rows[0]
    return int(account_id), int(gap_s) * 1000, int(daily)
