"""Calls to the support line under the agreement: those that failed, as evidence for claims, and each month's figures.

Functions run inside a transaction; `now` and every `*_at` are milliseconds UTC.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields

from engine.agreement.line_month import LineFigures, LineMonth
from engine.agreement.months import Month
from engine.errors import NotFound
from engine.sentences import Sentence
from engine.states import JOINED_STATES, SupportCallState
from engine.store.tables.support_line import SupportCall, SupportMonth

MOST = 50
LATE_MS = 80_000  # section 4: then a caller is offered a call-back
SOON_MS = 20_000
EVERYBODY = 0  # the account of a month's figures of all callers
ENDS: dict[str, Sentence] = {
    SupportCallState.WAITING: Sentence("in the queue"),
    SupportCallState.TALKING: Sentence("Answered"),
    SupportCallState.ANSWERED: Sentence("Answered"),
    SupportCallState.ABANDONED: Sentence("Abandoned"),
    SupportCallState.CALL_BACK: Sentence("Left for a call-back"),
}


@dataclass(frozen=True, slots=True)
class FailedCall:
    """A call in support hours that nobody answered, or that waited for more than 80 s; milliseconds."""

    call: SupportCall
    waited_ms: int

    @property
    def was_answered(self) -> bool:
        """Whether somebody answered after all."""
        return self.call.state == SupportCallState.ANSWERED


def of_caller(number: str, account_id: int, from_at: int, until_at: int) -> list[SupportCall]:
    """Calls of a number, or of an account's people, that joined the queue in that time and in support hours.

    An empty number asks for those of the account alone.
    """
    whose = SupportCall.account_id == account_id
    if number:
        whose |= SupportCall.number == number
    return list(
        SupportCall.select()
        .where(
            whose,
            SupportCall.joined_at >= from_at,
            SupportCall.joined_at <= until_at,
            SupportCall.state.in_(JOINED_STATES),
            SupportCall.in_hours == True,  # noqa: E712 - SQL
        )
        .order_by(SupportCall.joined_at)
        .limit(MOST)
    )


def failed_of(account_id: int, from_at: int) -> list[FailedCall]:
    """An account's calls since `from_at` that ended unanswered or waited too long, the newest first.

    A caller who left for a call-back is one whom nobody answered in time, as the agreement foresees: no failure.
    """
    rows = (
        SupportCall.select()
        .where(
            SupportCall.account_id == account_id,
            SupportCall.joined_at >= from_at,
            SupportCall.ended_at.is_null(False),
            SupportCall.state.in_([SupportCallState.ABANDONED, SupportCallState.ANSWERED]),
            SupportCall.in_hours == True,  # noqa: E712 - SQL
        )
        .order_by(SupportCall.joined_at.desc())
        .limit(500)
    )
    return [found for found in map(_failed, rows) if found is not None][:MOST]


def failed_call(account_id: int, call_id: int) -> FailedCall:
    """A call of the account that failed; NotFound for another's, or one that was answered in time."""
    row = SupportCall.get_or_none(SupportCall.id == call_id, SupportCall.account_id == account_id)
    found = None if row is None or not row.in_hours else _failed(row)
    if found is None:
        raise NotFound("There is no call %(id)s that failed.", id=call_id)
    return found


def wait_s(row: SupportCall, now: int) -> int:
    """How long a call was in the queue, in seconds."""
    return _wait_ms(row, now) // 1000


def line_figures(rows: Iterable[SupportCall], now: int) -> dict[str, int]:
    """The figures of calls that joined the queue; offered = answered + abandoned + called_back + waiting.

    Who talks now counts as answered.  Keys ending in ``_s`` that are waits are in seconds.
    """
    states: Counter[str] = Counter()
    waits, answers = [], []
    for row in rows:
        states[row.state] += 1
        waits.append(_wait_ms(row, now))
        if row.state in (SupportCallState.TALKING, SupportCallState.ANSWERED):
            answers.append(waits[-1])
    return {
        "offered": len(waits),
        "answered": len(answers),
        "within_20_s": sum(wait <= SOON_MS for wait in answers),
        "within_80_s": sum(wait <= LATE_MS for wait in answers),
        "abandoned": states[SupportCallState.ABANDONED],
        "called_back": states[SupportCallState.CALL_BACK],
        "waiting": states[SupportCallState.WAITING],
        "longest_wait_s": round(max(waits, default=0) / 1000),
        "mean_wait_s": round(sum(waits) / len(waits) / 1000) if waits else 0,
    }


def note_month(month: Month, now: int) -> int:
    """Keep the figures of a month that is over, of everybody and of each account that called; how many lines.

    Once: what was noted is never changed, so that a statement shows the same figures for ever.
    """
    if SupportMonth.select().where(SupportMonth.month == month.key).exists():
        return 0
    rows = list(
        SupportCall.select(
            SupportCall.account_id,
            SupportCall.state,
            SupportCall.joined_at,
            SupportCall.answered_at,
            SupportCall.ended_at,
        ).where(
            SupportCall.joined_at >= month.start * 1000,
            SupportCall.joined_at < month.end * 1000,
            SupportCall.state.in_(JOINED_STATES),
            SupportCall.in_hours == True,  # noqa: E712 - SQL
        )
    )
    of: dict[int, list[SupportCall]] = {EVERYBODY: rows}
    for row in rows:
        if row.account_id is not None:
            of.setdefault(row.account_id, []).append(row)
    for account_id, theirs in of.items():
        figures = line_figures(theirs, now)
        del figures["waiting"]  # of a month that is over nobody waits
        SupportMonth.insert(
            month=month.key, account_id=account_id, noted_at=now, **figures
        ).on_conflict_ignore().execute()
    return len(of)


def of_month(month: str, account_ids: Iterable[int]) -> dict[int, LineMonth]:
    """The noted figures of a month for statements of these accounts; empty when none were noted, or nobody called."""
    rows = {
        row.account_id: row
        for row in SupportMonth.select().where(
            SupportMonth.month == month, SupportMonth.account_id.in_([EVERYBODY, *account_ids])
        )
    }
    everybody = rows.get(EVERYBODY)
    if everybody is None or not everybody.offered:
        return {}
    common = _figures(everybody)
    return {
        account_id: LineMonth(common, _figures(rows[account_id]) if account_id in rows else None)
        for account_id in account_ids
    }


def _figures(row: SupportMonth) -> LineFigures:
    return LineFigures(**{each.name: getattr(row, each.name) for each in fields(LineFigures)})


def _failed(row: SupportCall) -> FailedCall | None:
    if row.state not in (SupportCallState.ABANDONED, SupportCallState.ANSWERED) or row.ended_at is None:
        return None
    waited_ms = _wait_ms(row, int(row.ended_at))
    late = row.state == SupportCallState.ABANDONED or waited_ms > LATE_MS
    return FailedCall(row, waited_ms) if late else None


def _wait_ms(row: SupportCall, now: int) -> int:
    return max(0, (row.answered_at or row.ended_at or now) - (row.joined_at or now))
