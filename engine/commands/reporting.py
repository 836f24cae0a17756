"""Result files of campaigns, where they are asked for or in data_dir/reports."""

from __future__ import annotations

from pathlib import Path

from engine.config import Settings, zone_of
from engine.services.campaigns import campaigns
from engine.services.reports.campaign_report import report_columns, report_rows
from engine.services.reports.files import write_report
from engine.states import RecipientState
from engine.store.sql import execute
from engine.store.threads import read


def write_campaign_report(settings: Settings, campaign_id: int, path: str | None) -> Path:
    """Write a campaign's result, whole or not at all; where it is.

    Raises BadInput for a name or folder that cannot be used, StoreUnavailable for a full disk.
    """
    target = Path(path) if path else settings.reports_dir / f"campaign-{campaign_id}.csv"
    campaign = read(lambda: campaigns.get(campaign_id))
    write_report(target, report_columns(campaign), report_rows(campaign, zone_of(settings.timezone), read))
    return target.absolute()


def refused_counts(campaign_id: int) -> dict[str, int]:
    """How many lines were set aside for which reason; inside a connection."""
    rows = execute(
        "SELECT reason, COUNT(*) FROM recipient WHERE campaign_id = ?"  # noqa: S608 - constants
        f" AND state = '{RecipientState.EXCLUDED}' GROUP BY reason",
        [campaign_id],
    )
    return {str(reason): int(number) for reason, number in rows}
