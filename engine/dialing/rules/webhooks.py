"""Notes ended calls for web hooks, in the settle's transaction.

A call costs the engine one short row, however many hooks subscribe to it; the sender makes the events
(`engine.services.webhooks.fan_out`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from engine.states import WAITING_STATES
from engine.store.bulk import insert_rows
from engine.store.settles import Settle
from engine.store.sql import execute
from engine.store.tables.core import Campaign
from engine.store.tables.webhooks import Webhook, WebhookCall
from engine.store.webhook_events import KEY_PRESSED, RECIPIENT_ENDED

_COLUMNS = ("attempt_id", "account_id", "state", "at")
_Wanted = tuple[int, frozenset[str]]  # an account, and the events that its hooks subscribe to
_NOTHING: _Wanted = (0, frozenset())


class WebhookRules:
    """The hook of the settler.  The list of web hooks is read once a second."""

    LOOK_MS = 1_000

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self._looked_at = 0
        self._has_any = False
        self._wanted: dict[int, _Wanted] = {}  # of campaigns

    def settled(self, won: Sequence[Settle]) -> None:
        """Note the ends of recipients and the keys that were pressed, for accounts that subscribe to them."""
        now = self._clock_ms()
        if now - self._looked_at >= self.LOOK_MS:
            self._has_any = bool(execute("SELECT 1 FROM webhook WHERE is_active LIMIT 1", []))
            self._looked_at = now
            self._wanted.clear()
        if not self._has_any:
            return
        self._look_up({item.campaign_id for item in won} - self._wanted.keys())
        rows = []
        for item in won:
            account_id, kinds = self._wanted[item.campaign_id]
            is_over = item.next_state not in WAITING_STATES
            if (is_over and RECIPIENT_ENDED in kinds) or (item.end.vote and KEY_PRESSED in kinds):
                rows.append((item.attempt_id, account_id, str(item.next_state), now))
        insert_rows(WebhookCall, _COLUMNS, rows)

    def _look_up(self, campaign_ids: set[int]) -> None:
        """The subscriptions of the accounts of these campaigns."""
        if not campaign_ids:
            return
        self._wanted.update(dict.fromkeys(campaign_ids, _NOTHING))
        rows: Iterable[tuple[int, int, str]] = (
            Campaign.select(Campaign.id, Campaign.account, Webhook.kinds)
            .join(Webhook, on=(Webhook.account_id == Campaign.account))
            .where(Webhook.is_active, Campaign.id.in_(campaign_ids))
            .tuples()
            .execute()
        )
        for campaign_id, account_id, kinds in rows:
            before = self._wanted[campaign_id][1]
            self._wanted[campaign_id] = (account_id, before | set(kinds.split()))
