"""What is told of calls is written in the settle's own transaction."""

from __future__ import annotations

import orjson
import pytest

from engine.dialing.rules.webhooks import WebhookRules
from engine.services.campaigns import transitions
from engine.services.webhooks import events
from engine.services.webhooks import fan_out as fanning_out
from engine.states import CampaignState, RecipientState
from engine.store.settles import Settler
from engine.store.tables.core import Account, Campaign
from engine.store.tables.webhooks import Webhook, WebhookEvent
from engine.store.threads import read, write
from engine.store.writer import Writer
from tests.store.cast import NOW as CAST_NOW
from tests.store.cast import claim_some, make_campaign, settle_of

NOW = 1_795_900_000_000


def settle(rules: WebhookRules, campaign_id: int, *ends: tuple[RecipientState, str]) -> None:
    """Call the next recipients; the calls end with these states and keys."""
    calls = claim_some(campaign_id, len(ends))
    settles = [settle_of(call, state, vote=vote) for call, (state, vote) in zip(calls, ends, strict=True)]
    write(lambda: Settler([rules.settled]).write(settles))


@pytest.fixture
def campaign(store: Writer) -> int:
    made = make_campaign(3)
    account = write(lambda: Account.create(name="Sahar", state="active", created_at=NOW)).id
    write(lambda: Campaign.update(account=account).where(Campaign.id == made).execute())
    return made


def hook_of(campaign_id: int, kinds: str) -> int:
    account = read(lambda: Campaign.get_by_id(campaign_id).account_id)
    return write(
        lambda: Webhook.create(
            account_id=account, url="http://x/", kinds=kinds, secret="whsec_", created_at=NOW
        )
    ).id


def told() -> list[tuple[str, str]]:
    write(fanning_out.fan_out)
    return read(lambda: [(row.kind, row.subject) for row in WebhookEvent.select().order_by(WebhookEvent.id)])


DELIVERED, RETRY, EXHAUSTED = RecipientState.DELIVERED, RecipientState.RETRY_WAIT, RecipientState.EXHAUSTED


def test_ends_and_keys_of_accounts_with_hooks(campaign: int) -> None:
    hook_id = hook_of(campaign, "recipient.ended recipient.key_pressed")
    settle(WebhookRules(lambda: NOW), campaign, (DELIVERED, "1"), (RETRY, ""), (EXHAUSTED, ""))
    assert told() == [
        ("recipient.key_pressed", "recipient/1"),
        ("recipient.ended", "recipient/1"),
        ("recipient.ended", "recipient/3"),
    ]
    account = read(lambda: Campaign.get_by_id(campaign).account_id)
    second = read(lambda: events.log_of(account, hook_id, None, 10))[-2]
    assert second.at == NOW
    assert orjson.loads(second.data) == {
        "campaign_id": campaign,
        "recipient_id": 1,
        "attempt_id": 1,
        "number": "+989120000000",
        "state": "delivered",
        "disposition": "answered",
        "key": "1",
        "answered_at": CAST_NOW + 500,
        "ended_at": CAST_NOW + 1000,
        "heard_ms": 4000,
    }
    due = read(lambda: events.due(hook_id, NOW, 10))  # of each recipient the first one
    assert [event.data["number"] for event in due] == ["+989120000000", "+989120000002"]
    assert told() == told()  # each call once


def test_each_hook_gets_what_it_wants_of_a_call(campaign: int) -> None:
    first = hook_of(campaign, "recipient.ended")
    second = hook_of(campaign, "recipient.key_pressed recipient.ended")
    settle(WebhookRules(lambda: NOW), campaign, (RETRY, "2"), (DELIVERED, ""))
    told()
    rows = read(lambda: [(row.webhook_id, row.kind, row.subject) for row in WebhookEvent.select()])
    assert sorted(rows) == [
        (first, "recipient.ended", "recipient/2"),
        (second, "recipient.ended", "recipient/2"),
        (second, "recipient.key_pressed", "recipient/1"),
    ]


def test_more_calls_than_fit_at_once_keep_their_order(campaign: int, monkeypatch: pytest.MonkeyPatch) -> None:
    hook_of(campaign, "recipient.ended")
    monkeypatch.setattr(fanning_out, "AT_ONCE", 2)
    settle(WebhookRules(lambda: NOW), campaign, *[(DELIVERED, "")] * 3)
    assert write(fanning_out.fan_out) == 2
    assert read(fanning_out.has_calls)
    assert [subject for _, subject in told()] == ["recipient/1", "recipient/2", "recipient/3"]
    assert not read(fanning_out.has_calls)


def test_what_the_transaction_takes_back_is_not_told(campaign: int) -> None:
    hook_of(campaign, "recipient.ended")
    (call,) = claim_some(campaign, 1)

    def work() -> None:
        Settler([WebhookRules(lambda: NOW).settled]).write([settle_of(call)])
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        write(work)
    assert told() == []


def test_without_hooks_nothing_is_written_and_little_is_asked(campaign: int) -> None:
    now = NOW
    rules = WebhookRules(lambda: now)
    settle(rules, campaign, (DELIVERED, ""))
    hook_of(campaign, "recipient.ended")
    settle(rules, campaign, (DELIVERED, ""))
    assert told() == []  # it looks again after a second
    now += rules.LOOK_MS
    settle(rules, campaign, (DELIVERED, ""))
    assert told() == [("recipient.ended", "recipient/3")]


def test_a_campaigns_states_are_told(campaign: int) -> None:
    hook_of(campaign, "campaign.started campaign.paused campaign.finished")
    old = read(lambda: CampaignState(Campaign.get_by_id(campaign).state))
    if old != CampaignState.RUNNING:
        write(lambda: transitions.move(Campaign.get_by_id(campaign), CampaignState.RUNNING))
    write(lambda: transitions.move(Campaign.get_by_id(campaign), CampaignState.PAUSED, "lunch"))
    write(lambda: transitions.move(Campaign.get_by_id(campaign), CampaignState.STOPPED))
    kinds = [kind for kind, _ in told()]
    assert kinds[-2:] == ["campaign.paused", "campaign.finished"]
