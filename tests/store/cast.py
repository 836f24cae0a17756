"""A campaign with recipients in the store, as few words as possible."""

from __future__ import annotations

from engine.call_end import CallEnd
from engine.store.claims import ClaimedCall, Due, Route, claim
from engine.store.settles import Settle
from engine.store.tables.core import (
    Account,
    Campaign,
    CampaignCounts,
    CampaignPulse,
    Gateway,
    Message,
    Recipient,
    Switch,
)
from engine.store.threads import write

NOW = 1_750_000_000_000
CORE = "11111111-1111-4111-8111-111111111111"


def make_campaign(recipients: int, **rules: object) -> int:
    """A running campaign of `recipients` numbers, with a gateway and a switch (ids 1); its id."""

    def work() -> int:
        account = Account.select().first() or Account.create(name="firm", created_at=NOW)
        if Gateway.select().count() == 0:
            Gateway.create(name="gw", cps=30, channels=100, created_at=NOW)
            Switch.create(name="one", address="127.0.0.1:1")
        message = Message.create(account=account, title="t", prompt="m1", duration_ms=4000, created_at=NOW)
        row = Campaign.create(
            account=account, name="c", state="running", message=message, created_at=NOW, **rules
        )
        CampaignCounts.create(campaign=row, total=recipients, waiting=recipients)
        CampaignPulse.create(campaign=row)
        for line in range(recipients):
            Recipient.create(campaign_id=row.id, line=line, number=f"+98912{line:07d}", state="pending")
        return int(row.id)

    return write(work)


def route(due: Due) -> Route:
    return Route(1, CORE, 1)


def claim_some(campaign_id: int, limit: int, now: int = NOW) -> list[ClaimedCall]:
    return write(lambda: claim(campaign_id, limit, now, route))


def settle_of(item: ClaimedCall, next_state: str = "delivered", **changes: object) -> Settle:
    end: dict = {
        "cause": "NORMAL_CLEARING",
        "ended_at": NOW + 1000,
        "answered_at": NOW + 500,
        "sip_status": 200,
        "heard_ms": 4000,
        **{name: changes.pop(name) for name in CallEnd.__slots__ if name in changes},
    }
    values: dict = {
        "attempt_id": item.attempt_id,
        "recipient_id": item.recipient.id,
        "campaign_id": item.campaign_id,
        "end": CallEnd(item.uuid, **end),
        "disposition": "answered",
        "spent_try": True,
        "free_try": False,
        "settled_by": "event",
        "next_state": next_state,
        "next_at": NOW,
        "avoid_gateway_id": 0,
        **changes,
    }
    return Settle(**values)
