"""Checks a campaign's records: figures that must be equal, compared in one snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine.states import AttemptState, CampaignState, Disposition
from engine.store.counts import STATE_COUNTS, recount
from engine.store.database import db, is_sqlite
from engine.store.findings import Finding
from engine.store.sql import LIVE, changed, execute
from engine.store.tables.core import Campaign, CampaignCounts


@contextmanager
def snapshot() -> Iterator[None]:
    """Let several reads see the same moment; inside a connection, outside a transaction."""
    with db.atomic():
        if not is_sqlite():
            db.execute_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def audit_sums(campaign_id: int) -> list[Finding]:
    """As `audit_campaign`, but only what takes the same time for a list of any size.  Reads only.

    Compares the kept counts with each other, the kept number of live recipients with the live ones, and live recipients
    with open attempts.
    """
    with snapshot():
        kept = CampaignCounts.get_or_none(CampaignCounts.campaign == campaign_id)
        if kept is None:
            return []
        counts = {name: getattr(kept, name) for name in STATE_COUNTS}
        wrong = []
        if sum(counts.values()) != kept.total or min(counts.values()) < 0:
            said = ", ".join(f"{name} {number}" for name, number in counts.items() if number)
            wrong.append(f"{said} are not {kept.total} together")
        live = execute(
            f"SELECT COUNT(*) FROM recipient WHERE campaign_id = ? AND state IN {LIVE}",
            [campaign_id],
        )[0][0]
        if live != kept.live:
            wrong.append(f"live is kept as {kept.live} and counted as {live}")
        found = [_finding("counts", campaign_id, "; ".join(wrong))] if wrong else []
        return found + _live(campaign_id)


def doubtful(after: int, limit: int) -> tuple[list[int], int]:
    """Campaigns with impossible kept counts among the next `limit` after `after`, and the last one checked (0: the end).

    Reads the kept counts only, inside a connection.
    """
    together = " + ".join(STATE_COUNTS)
    rows = execute(
        f"SELECT k.campaign_id, {together} <> total OR {' OR '.join(f'{name} < 0' for name in STATE_COUNTS)}"
        f" OR (c.state = '{CampaignState.FINISHED}' AND waiting + retry_wait + live <> 0)"
        " FROM campaign_counts k JOIN campaign c ON c.id = k.campaign_id"
        " WHERE k.campaign_id > ? ORDER BY k.campaign_id LIMIT ?",
        [after, limit],
    )
    return [int(row[0]) for row in rows if row[1]], int(rows[-1][0]) if len(rows) == limit else 0


def audit_campaign(campaign_id: int, deep: bool = False) -> list[Finding]:
    """The differences in a campaign's records; empty when there are none.  Reads only.

    Compares the kept counts with a recount, live recipients with open attempts, and the campaign's state with its
    recipients'.  `deep` also counts all attempts, which takes long for a large campaign.
    """
    with snapshot():
        campaign = Campaign.get_or_none(Campaign.id == campaign_id)
        if campaign is None:
            return []
        counted = recount(campaign_id)
        kept = CampaignCounts.get_or_none(CampaignCounts.campaign == campaign_id)
        found = list(_counts(campaign_id, kept, counted))
        found += _live(campaign_id)
        if campaign.state == CampaignState.FINISHED:
            left = counted["waiting"] + counted["retry_wait"] + counted["live"]
            if left:
                found.append(_finding("not_final", campaign_id, f"finished, but {left} recipients are not"))
        if deep:
            found += _attempts(campaign_id, kept)
        return found


def repair_counts(campaign_id: int) -> bool:
    """Set a campaign's kept counts to a recount, inside a writing transaction; return whether they changed.

    The row of counts is locked first: a transaction that moves recipients at this moment adds its difference afterwards.
    """
    columns = ", ".join((*STATE_COUNTS, "total"))
    lock = "" if is_sqlite() else " FOR UPDATE"
    kept = execute(f"SELECT {columns} FROM campaign_counts WHERE campaign_id = ?{lock}", [campaign_id])
    counted = recount(campaign_id)
    values = [counted[name] for name in (*STATE_COUNTS, "total")]
    if not kept or list(kept[0]) == values:
        return False
    sets = ", ".join(f"{name} = ?" for name in (*STATE_COUNTS, "total"))
    return bool(changed(f"UPDATE campaign_counts SET {sets} WHERE campaign_id = ?", [*values, campaign_id]))


def _counts(campaign_id: int, kept: CampaignCounts | None, counted: dict[str, int]) -> Iterator[Finding]:
    differences = [
        f"{name} is kept as {getattr(kept, name, None)} and counted as {number}"
        for name, number in counted.items()
        if getattr(kept, name, None) != number
    ]
    if differences:
        yield _finding("counts", campaign_id, "; ".join(differences))


def _live(campaign_id: int) -> list[Finding]:
    """Check that every live recipient has one open attempt, and the other way round."""
    without = execute(
        "SELECT COUNT(*) FROM recipient r LEFT JOIN attempt a ON a.id = r.attempt_id"
        f" AND a.state <> '{AttemptState.ENDED}' AND a.recipient_id = r.id"
        f" WHERE r.campaign_id = ? AND r.state IN {LIVE} AND a.id IS NULL",
        [campaign_id],
    )[0][0]
    stray = execute(
        "SELECT COUNT(*) FROM attempt a LEFT JOIN recipient r ON r.id = a.recipient_id"
        f" WHERE a.state <> '{AttemptState.ENDED}' AND a.campaign_id = ? AND (r.id IS NULL OR COALESCE(r.attempt_id, 0) <> a.id"
        f" OR r.state NOT IN {LIVE})",
        [campaign_id],
    )[0][0]
    found = []
    if without:
        found.append(
            _finding("live_without_attempt", campaign_id, f"{without} live recipients have no attempt")
        )
    if stray:
        found.append(
            _finding("attempt_without_recipient", campaign_id, f"{stray} open attempts are nobody's")
        )
    return found


def _attempts(campaign_id: int, kept: CampaignCounts | None) -> list[Finding]:
    rows = execute(
        "SELECT disposition, COUNT(*), COALESCE(SUM(heard_ms), 0) FROM attempt"
        f" WHERE campaign_id = ? AND state = '{AttemptState.ENDED}' GROUP BY disposition",
        [campaign_id],
    )
    counted = {row[0]: int(row[1]) for row in rows}
    pairs = [("attempts", sum(counted.values())), ("heard_ms", sum(int(row[2]) for row in rows))]
    pairs += [(name, counted.get(name, 0)) for name in Disposition if name != Disposition.CANCELLED]
    wrong = [
        f"{name} is kept as {getattr(kept, name, None)} and counted as {number}"
        for name, number in pairs
        if getattr(kept, name, None) != number
    ]
    tries = execute(
        "SELECT COUNT(*) FROM (SELECT r.id FROM recipient r LEFT JOIN attempt a ON a.recipient_id = r.id"
        f" AND a.state = '{AttemptState.ENDED}' WHERE r.campaign_id = ? GROUP BY r.id, r.tries"
        " HAVING r.tries <> COALESCE(SUM(CASE WHEN a.spent_try THEN 1 ELSE 0 END), 0)) t",
        [campaign_id],
    )[0][0]
    found = [_finding("attempt_counts", campaign_id, "; ".join(wrong))] if wrong else []
    if tries:
        found.append(_finding("tries", campaign_id, f"{tries} recipients have other tries than attempts"))
    return found


def _finding(kind: str, campaign_id: int, what: str) -> Finding:
    return Finding(kind, f"campaign {campaign_id}", f"Campaign {campaign_id}: {what}.", False)
