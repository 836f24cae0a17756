"""Protection against toll fraud: which destinations are open, and how fast an account's traffic may grow.

A thief of a password calls premium numbers abroad, which pay a share of the price, at night when nobody looks.
So destinations are closed unless staff open their prefix, and an account is stopped when it places many times its
usual calls in an hour or is charged more than its cap in 24 hours.  The house account has no caps.
Functions run inside a transaction, or inside a connection when they only read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.amounts import rials
from engine.config import Settings
from engine.errors import BadInput, NotAllowed, NotFound
from engine.sentences import Amount, Sentence
from engine.services.accounts import audit_log
from engine.services.numbering.numbers import NumberRules
from engine.store.ledger import REVENUE, balance_of
from engine.store.sql import execute, run_over_values
from engine.store.tables.core import Account, CallCap, CallTraffic, Destination

HOUR_MS = 3_600_000
USUAL_DAYS = 28  # the days from which an account's usual traffic is learned
FRESH_MS = 2_000  # how long destinations are cached
_PREFIX = re.compile(r"[1-9][0-9]{0,14}")


class CapReached(NotAllowed):
    """The account has reached a cap; `code` is `growth` (calls an hour) or `cost` (Rials in 24 hours)."""

    def __init__(self, message: str, /, *, code: str, **values: Any) -> None:
        super().__init__(message, **values)
        self.code = code


@dataclass(frozen=True, slots=True)
class Caps:
    """The installation's caps, for accounts without caps of their own; 0 Rials: no cap."""

    new_account_calls_an_hour: int
    growth_factor: float
    rials_a_day: int

    @classmethod
    def of_settings(cls, settings: Settings) -> Caps:
        return cls(settings.new_account_calls_an_hour, settings.growth_factor, settings.rials_a_day)


# -- destinations -----------------------------------------------------------------------


class Destinations:
    """The open and closed prefixes, read again when they are `FRESH_MS` old."""

    def __init__(self) -> None:
        self._open: dict[str, bool] = {}
        self._lengths: tuple[int, ...] = ()
        self._read_at = -FRESH_MS

    def refresh(self, now: int) -> None:
        """Read the prefixes unless they are fresh; inside a connection."""
        if 0 <= now - self._read_at < FRESH_MS:
            return
        self._open = dict(execute("SELECT prefix, is_open FROM destination"))
        self._lengths = tuple(sorted({len(prefix) for prefix in self._open}, reverse=True))
        self._read_at = now

    def is_open(self, number: str) -> bool:
        """Whether E.164 `number` may be called: the longest prefix that fits decides; without one it is closed."""
        for length in self._lengths:
            found = self._open.get(number[1 : length + 1])
            if found is not None:
                return bool(found)
        return False


def opens_abroad() -> bool:
    """Whether any prefix outside Iran is open; then lists may hold such numbers."""
    return bool(execute("SELECT 1 FROM destination WHERE is_open AND prefix NOT LIKE ? LIMIT 1", ["98%"]))


def number_rules(area: str) -> NumberRules:
    """How numbers to be called are read; `area` is the installation's area code, or empty."""
    return NumberRules(area or None, opens_abroad())


def set_destination(prefix: str, is_open: bool, note: str, now: int, person_id: int | None) -> None:
    """Open or close the numbers of a prefix (digits after the plus: ``98``, ``97150``)."""
    if not _PREFIX.fullmatch(prefix):
        raise BadInput(
            "«%(text)s» is not a prefix: digits after the plus, such as 98 or 97150.", text=prefix[:20]
        )
    before = Destination.get_or_none(Destination.prefix == prefix)
    Destination.insert(prefix=prefix, is_open=is_open, note=note.strip()[:200]).on_conflict(
        conflict_target=[Destination.prefix],
        update={Destination.is_open: is_open, Destination.note: note.strip()[:200]},
    ).execute()
    old = "" if before is None else {"is_open": bool(before.is_open)}
    audit_log.record(person_id, None, "destination.set", prefix, now, old, {"is_open": is_open})


def remove_destination(prefix: str, now: int, person_id: int | None) -> None:
    """Remove a prefix; from now on the next shorter prefix that fits decides."""
    if not Destination.delete().where(Destination.prefix == prefix).execute():
        raise NotFound("The prefix %(prefix)s is not in the list.", prefix=prefix)
    audit_log.record(person_id, None, "destination.remove", prefix, now)


def own_caps(limit: int = 200) -> list[tuple[CallCap, str]]:
    """Accounts with caps of their own, with their names; the newest come first."""
    rows = list(CallCap.select().order_by(CallCap.set_at.desc()).limit(limit))
    names = {
        row.id: row.name
        for row in Account.select(Account.id, Account.name).where(
            Account.id.in_([row.account_id for row in rows])
        )
    }
    return [(row, names[row.account_id]) for row in rows]


def destinations() -> list[Destination]:
    """All prefixes, in order."""
    return list(Destination.select().order_by(Destination.prefix))


# -- caps -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Usage:
    """An account's use and its caps; None: no cap."""

    calls_this_hour: int
    calls_an_hour: int | None
    rials_today: int  # of the last 24 hours
    rials_a_day: int | None
    usual: int  # calls of its busiest hour in the last `USUAL_DAYS`; 0: none yet

    @property
    def calls_left(self) -> int | None:
        """How many calls the account may still place in this hour; None: no cap."""
        if self.calls_an_hour is None:
            return None
        return max(0, self.calls_an_hour - self.calls_this_hour)

    def check(self) -> None:
        """Raise CapReached when the account may place no further call."""
        if self.calls_an_hour is not None and self.calls_this_hour >= self.calls_an_hour:
            compared = Sentence("it is a new account")
            if self.usual:
                compared = Sentence("its busiest usual hour has %(n)s", n=Amount(self.usual))
            raise CapReached(
                "The account has placed %(calls)s calls in this hour and may place %(most)s (%(compared)s);"
                " staff can allow more.",
                code="growth",
                calls=Amount(self.calls_this_hour),
                most=Amount(self.calls_an_hour),
                compared=compared,
            )
        if self.rials_a_day is not None and self.rials_today >= self.rials_a_day:
            raise CapReached(
                "The account was charged %(rials)s Rials in 24 hours and may be charged %(most)s; staff can allow more.",
                code="cost",
                rials=Amount(self.rials_today),
                most=Amount(self.rials_a_day),
            )


def usage(account_id: int, caps: Caps, now: int) -> Usage:
    """An account's use and caps at `now` (ms)."""
    rows = execute(
        "SELECT a.is_house, c.calls_an_hour, c.rials_a_day FROM account a"
        " LEFT JOIN call_cap c ON c.account_id = a.id WHERE a.id = ?",
        [account_id],
    )
    if not rows:
        raise NotFound("There is no account %(id)s.", id=account_id)
    is_house, own_calls, own_rials = rows[0]
    hour = now // HOUR_MS
    ((this_hour, usual, revenue_before),) = execute(
        "SELECT SUM(CASE WHEN hour = ? THEN calls ELSE 0 END), MAX(CASE WHEN hour < ? THEN calls ELSE 0 END),"
        " MIN(CASE WHEN hour > ? THEN revenue END)"
        " FROM call_traffic WHERE account_id = ? AND hour > ? AND hour <= ?",
        [hour, hour, hour - 24, account_id, hour - 24 * USUAL_DAYS, hour],
    )
    usual = usual or 0
    spent = 0 if revenue_before is None else balance_of(account_id, REVENUE) - revenue_before
    if is_house:
        return Usage(this_hour or 0, None, spent, None, usual)
    allowed = own_calls or max(caps.new_account_calls_an_hour, int(usual * caps.growth_factor))
    return Usage(this_hour or 0, allowed, spent, own_rials or caps.rials_a_day or None, usual)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an account's caps will allow in the coming hours; None: no cap."""

    calls_this_hour: int
    calls_an_hour: int | None  # the cap of an account without usual traffic, or its own cap
    growth_factor: float  # times its busiest usual hour, if that is more; 0: staff set a cap
    usual: int
    spent: tuple[tuple[int, float], ...]  # (hour since the epoch, Rials charged in it), the last 24 hours
    rials_a_day: int | None

    @property
    def is_capped(self) -> bool:
        return self.calls_an_hour is not None or self.rials_a_day is not None

    def calls_in_an_hour(self, usual: float) -> float | None:
        """The cap of calls in an hour when the busiest hour before had `usual` calls; None: no cap."""
        if self.calls_an_hour is None:
            return None
        return max(self.calls_an_hour, int(usual * self.growth_factor))


def outlook(account_id: int, caps: Caps, now: int) -> Outlook:
    """What an account's caps will allow from now on; inside a connection."""
    now_used = usage(account_id, caps, now)
    own = own_caps_of(account_id)
    is_own = own is not None and bool(own.calls_an_hour)
    hour = now // HOUR_MS
    marks = execute(
        "SELECT hour, revenue FROM call_traffic WHERE account_id = ? AND hour > ? AND hour <= ? ORDER BY hour",
        [account_id, hour - 24, hour],
    )
    # Each hour with calls stores what had been charged until it began; the differences are what each hour was charged.
    ends = [int(revenue) for _, revenue in marks[1:]]
    ends.append(int(marks[0][1]) + now_used.rials_today if marks else 0)
    return Outlook(
        calls_this_hour=now_used.calls_this_hour,
        calls_an_hour=None
        if now_used.calls_an_hour is None
        else now_used.calls_an_hour
        if is_own
        else caps.new_account_calls_an_hour,
        growth_factor=0.0 if is_own else caps.growth_factor,
        usual=now_used.usual,
        spent=tuple(
            (int(when), float(end - int(revenue))) for (when, revenue), end in zip(marks, ends, strict=False)
        ),
        rials_a_day=now_used.rials_a_day,
    )


def check(account_id: int, caps: Caps, now: int) -> None:
    """Raise CapReached when an account may place no further call now (used by starts and quick sends)."""
    usage(account_id, caps, now).check()


def count_calls(account_id: int, calls: int, now: int) -> None:
    """Count calls that were just claimed; the hour's first call also stores what had been charged until then."""
    hour = now // HOUR_MS
    known = execute(
        "UPDATE call_traffic SET calls = calls + ? WHERE account_id = ? AND hour = ? RETURNING calls",
        [calls, account_id, hour],
    )
    if not known:
        execute(
            "INSERT INTO call_traffic (account_id, hour, calls, revenue) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (account_id, hour) DO UPDATE SET calls = call_traffic.calls + excluded.calls",
            [account_id, hour, calls, balance_of(account_id, REVENUE)],
        )


def uncount_calls(account_id: int, at: Sequence[int]) -> None:
    """Take back the count of calls that were claimed at these instants (ms) and then released."""
    run_over_values(
        ("hour", "calls"),
        list(Counter(one // HOUR_MS for one in at).items()),
        "UPDATE call_traffic SET calls = call_traffic.calls - CAST(v.calls AS INTEGER) FROM v"  # noqa: S608 - an integer
        f" WHERE call_traffic.account_id = {int(account_id)} AND call_traffic.hour = CAST(v.hour AS BIGINT)"
        " AND call_traffic.calls >= CAST(v.calls AS INTEGER) RETURNING call_traffic.hour",
    )


def forget_old_traffic(now: int) -> int:
    """Delete hours that no cap needs any more; returns how many."""
    oldest = now // HOUR_MS - 24 * (USUAL_DAYS + 1)
    return int(CallTraffic.delete().where(CallTraffic.hour < oldest).execute())


def set_caps(
    account_id: int, calls_an_hour: int | None, rials_a_day: int | None, now: int, person_id: int | None
) -> None:
    """Give an account caps of its own; None restores the installation's."""
    if calls_an_hour is not None and not 1 <= calls_an_hour <= 10**9:
        raise BadInput("Calls an hour must be from 1 to %(most)s.", most=Amount(10**9))
    if rials_a_day is not None:
        rials(rials_a_day)
    if not Account.select().where(Account.id == account_id).exists():
        raise NotFound("There is no account %(id)s.", id=account_id)
    before = CallCap.get_or_none(CallCap.account_id == account_id)
    wanted = {"calls_an_hour": calls_an_hour, "rials_a_day": rials_a_day}
    values = {**wanted, "set_by": person_id, "set_at": now}
    CallCap.insert(account_id=account_id, **values).on_conflict(
        conflict_target=[CallCap.account_id], update=values
    ).execute()
    old = {name: getattr(before, name) for name in wanted} if before else ""
    audit_log.record(person_id, account_id, "account.caps", f"account {account_id}", now, old, wanted)


def own_caps_of(account_id: int) -> CallCap | None:
    """The caps that staff set for one account; None: the installation's hold."""
    found: CallCap | None = CallCap.get_or_none(CallCap.account_id == account_id)
    return found
