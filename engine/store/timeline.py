"""The progress of campaigns by minutes, written with the pulse: one row per minute in which something happened."""

from __future__ import annotations

from engine.store.sql import execute

MINUTE_MS = 60_000
COUNTED = ("attempts", "answered", "busy", "no_answer", "rejected", "unreachable", "delivered")

_COLUMNS = ", ".join(COUNTED)
_NOTE = (
    f"INSERT INTO campaign_minute (campaign_id, minute, calls_up, {_COLUMNS})"
    f" SELECT k.campaign_id, CAST(? AS BIGINT), CAST(? AS INTEGER), {', '.join(f'k.{name}' for name in COUNTED)}"
    " FROM campaign_counts k JOIN campaign c ON c.id = k.campaign_id"
    " WHERE k.campaign_id = ? AND c.standing_key = '' AND (CAST(? AS INTEGER) > 0 OR k.attempts <> COALESCE("
    "(SELECT m.attempts FROM campaign_minute m WHERE m.campaign_id = k.campaign_id ORDER BY m.minute DESC LIMIT 1), 0))"
    " ON CONFLICT (campaign_id, minute) DO UPDATE SET calls_up = CASE WHEN excluded.calls_up > campaign_minute.calls_up"
    " THEN excluded.calls_up ELSE campaign_minute.calls_up END, "
    + ", ".join(f"{name} = excluded.{name}" for name in COUNTED)
)


def note(campaign_id: int, calls_up: int, now: int) -> None:
    """Store a campaign's counts for this minute; nothing for an idle campaign or one of quick sends."""
    execute(_NOTE, [now // MINUTE_MS, calls_up, campaign_id, calls_up])


def points(campaign_id: int, step: int) -> list[tuple[int, ...]]:
    """(step's number, most calls up, then the counts so far as `COUNTED`), oldest first, of steps of `step` minutes."""
    highest = ", ".join(f"MAX({name})" for name in ("calls_up", *COUNTED))
    return execute(
        f"SELECT minute / {step:d}, {highest} FROM campaign_minute WHERE campaign_id = ?"
        " GROUP BY 1 ORDER BY 1",
        [campaign_id],
    )


def span(campaign_id: int) -> tuple[int, int] | None:
    """The first and the last minute of a campaign; None when it was not dialled."""
    rows = execute(
        "SELECT MIN(minute), MAX(minute) FROM campaign_minute WHERE campaign_id = ?", [campaign_id]
    )
    return None if rows[0][0] is None else (int(rows[0][0]), int(rows[0][1]))


def by_hour(campaign_id: int, offset_min: int) -> list[tuple[int, int, int]]:
    """(hour since the epoch of a clock that is `offset_min` ahead of UTC, attempts so far, answered so far)."""
    return [
        (int(hour), int(attempts), int(answered))
        for hour, attempts, answered in execute(
            f"SELECT (minute + {offset_min:d}) / 60, MAX(attempts), MAX(answered) FROM campaign_minute"
            " WHERE campaign_id = ? GROUP BY 1 ORDER BY 1",
            [campaign_id],
        )
    ]
