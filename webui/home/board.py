"""The first page of staff: what waits, the state of trunks and campaigns, outages."""

from __future__ import annotations

from typing import Any

from engine.clock import wall_ms
from engine.services.accounts import permissions
from engine.services.campaigns import view
from engine.services.overview import alarms, trunk_load
from engine.services.sla import incidents
from engine.services.tickets import views as tickets
from engine.states import CampaignState
from engine.store.threads import read
from webui.request.access import person

CAMPAIGNS_SHOWN = 20
TICKETS_SHOWN = 8
OUTAGES_SHOWN = 5
MONTH_MS = 31 * 86_400_000


def shown() -> dict[str, Any]:
    """The values for the board's template."""
    me, now = person(), wall_ms()

    def work() -> dict[str, Any]:
        is_alive, _heard_at = alarms.engine_seen(now)
        running = (
            view.views(now, states=(CampaignState.RUNNING,), limit=CAMPAIGNS_SHOWN + 1)
            if permissions.may(me, "campaign.view")
            else []
        )
        outages = incidents.between(now - MONTH_MS, now + 1)
        return {
            "is_alive": is_alive,
            "running": running[:CAMPAIGNS_SHOWN],
            "has_more": len(running) > CAMPAIGNS_SHOWN,
            "loads": trunk_load.loads(now, is_alive),
            "outages": outages[::-1][:OUTAGES_SHOWN],
            "due": tickets.queue(me, now, limit=TICKETS_SHOWN),
            "now": now,
        }

    return read(work)
