"""What is told of calls to web hooks, in the settle's own transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.states import WAITING_STATES
from engine.store import webhook_events
from engine.store.settles import Settle
from engine.store.sql import execute
from engine.store.tables.core import Campaign
from engine.store.webhook_events import KEY_PRESSED, RECIPIENT_ENDED, Happened


class WebhookRules:
    """The hook of the settler.  Installations without web hooks pay one look a second."""

    LOOK_MS = 1_000

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self._looked_at = 0
        self._has_any = False

    def settled(self, won: Sequence[Settle]) -> None:
        """Note the ends of recipients and the keys that were pressed, for accounts that want to hear of them."""
        now = self._clock_ms()
        if now - self._looked_at >= self.LOOK_MS:
            self._has_any = bool(execute("SELECT 1 FROM webhook WHERE is_active LIMIT 1", []))
            self._looked_at = now
        if not self._has_any:
            return
        accounts = _accounts_of({item.campaign_id for item in won})
        hooks = webhook_events.hooks_of(accounts.values())
        rows = [
            (hook_id, event)
            for item in won
            for hook_id, kinds in hooks.get(accounts.get(item.campaign_id, 0), ())
            for event in _events_of(item, accounts[item.campaign_id])
            if event.kind in kinds
        ]
        webhook_events.add(rows, now)


def _accounts_of(campaign_ids: set[int]) -> dict[int, int]:
    rows = Campaign.select(Campaign.id, Campaign.account).where(Campaign.id.in_(campaign_ids))
    return {int(row.id): int(row.account_id) for row in rows if row.account_id is not None}


def _events_of(item: Settle, account_id: int) -> list[Happened]:
    data = {
        "campaign_id": item.campaign_id,
        "recipient_id": item.recipient_id,
        "attempt_id": item.attempt_id,
        "state": str(item.next_state),
        "disposition": str(item.disposition),
        "key": item.end.vote,
        "answered_at": item.end.answered_at,
        "ended_at": item.ended_at,
        "heard_ms": item.end.heard_ms,
    }
    subject = f"recipient/{item.recipient_id}"
    found = []
    if item.end.vote:
        found.append(Happened(account_id, KEY_PRESSED, subject, data))
    if item.next_state not in WAITING_STATES:
        found.append(Happened(account_id, RECIPIENT_ENDED, subject, data))
    return found
