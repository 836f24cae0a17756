"""What is told of calls is written in the settle's own transaction."""

from __future__ import annotations

import pytest

from engine.call_end import CallEnd
from engine.dialing.rules.webhooks import WebhookRules
from engine.services.campaigns import transitions
from engine.states import CampaignState, RecipientState
from engine.store.settles import Settle
from engine.store.tables.core import Account, Campaign
from engine.store.tables.webhooks import Webhook, WebhookEvent
from engine.store.threads import read, write
from engine.store.writer import Writer
from tests.store.cast import make_campaign

NOW = 1_795_900_000_000


def settle(campaign_id: int, recipient_id: int, state: RecipientState, vote: str = "") -> Settle:
    end = CallEnd("u", "NORMAL_CLEARING", ended_at=NOW, answered_at=NOW - 5_000, heard_ms=4_000, vote=vote)
    return Settle(
        recipient_id, recipient_id, campaign_id, end, "answered", True, False, "event", state, NOW, 0
    )


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
    return read(lambda: [(row.kind, row.subject) for row in WebhookEvent.select().order_by(WebhookEvent.id)])


def test_ends_and_keys_of_accounts_with_hooks(campaign: int) -> None:
    hook_of(campaign, "recipient.ended recipient.key_pressed")
    rules = WebhookRules(lambda: NOW)
    won = [
        settle(campaign, 1, RecipientState.DELIVERED, vote="1"),
        settle(campaign, 2, RecipientState.RETRY_WAIT),
        settle(campaign, 3, RecipientState.EXHAUSTED),
    ]
    write(lambda: rules.settled(won))
    assert told() == [
        ("recipient.key_pressed", "recipient/1"),
        ("recipient.ended", "recipient/1"),
        ("recipient.ended", "recipient/3"),
    ]


def test_what_the_transaction_takes_back_is_not_told(campaign: int) -> None:
    hook_of(campaign, "recipient.ended")
    rules = WebhookRules(lambda: NOW)

    def work() -> None:
        rules.settled([settle(campaign, 1, RecipientState.DELIVERED)])
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        write(work)
    assert told() == []


def test_without_hooks_nothing_is_written_and_little_is_asked(campaign: int) -> None:
    rules = WebhookRules(lambda: NOW)
    write(lambda: rules.settled([settle(campaign, 1, RecipientState.DELIVERED)]))
    hook_of(campaign, "recipient.ended")
    write(lambda: rules.settled([settle(campaign, 2, RecipientState.DELIVERED)]))
    assert told() == []  # it looks again after a second
    rules = WebhookRules(lambda: NOW + rules.LOOK_MS)
    write(lambda: rules.settled([settle(campaign, 3, RecipientState.DELIVERED)]))
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
