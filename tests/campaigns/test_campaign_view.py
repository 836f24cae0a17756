"""What screens show of a campaign: whose it is, how it goes, why it waits."""

from __future__ import annotations

import json

import pytest

from engine.call_end import CallEnd
from engine.errors import NotFound
from engine.services.campaigns import campaigns, why
from engine.services.campaigns import view as campaign_view
from engine.services.campaigns.rules import CampaignRules
from engine.services.campaigns.view import STALE_MS, STARTING, view, views
from engine.services.outbox.wording import in_persian
from engine.store.settles import Settle, Settler
from engine.store.tables.core import Attempt, CampaignCounts, CampaignPulse, Recipient
from engine.store.threads import read, write
from tests.policies import ANYTHING

NOW = 1_700_000_000_000


def start(campaign_id: int) -> None:
    CampaignCounts.update(total=10, waiting=8, excluded=2).execute()
    campaigns.start(campaign_id, NOW, ANYTHING)
    campaign_view.expect_pulse(campaign_id, NOW)


def test_a_draft_has_not_been_started(campaign_id: int) -> None:
    found = read(lambda: view(campaign_id, NOW))
    assert found.reason == why.NOT_STARTED
    assert found.message is not None
    assert found.message.title == "Hello"
    assert (found.progress, found.delivered_share, found.ends_at) == (0.0, None, None)


def test_others_campaigns_are_not_there(campaign_id: int, account_id: int) -> None:
    assert read(lambda: view(campaign_id, NOW, account_id)).id == campaign_id
    with pytest.raises(NotFound):
        read(lambda: view(campaign_id, NOW, account_id + 1))
    assert read(lambda: views(NOW, account_id + 1)) == []


def test_the_engines_word_is_believed_for_ten_seconds(campaign_id: int) -> None:
    write(lambda: start(campaign_id))
    assert read(lambda: view(campaign_id, NOW)).reason == STARTING

    def pulse() -> None:
        CampaignPulse.update(
            reason=why.WINDOW, details=json.dumps({"until": NOW + 5}), calls_up=3, calls_per_second=1.5,
            ends_at=NOW + 9, at=NOW,
        ).execute()  # fmt: skip

    write(pulse)
    fresh = read(lambda: view(campaign_id, NOW + STALE_MS))
    assert (fresh.calls_up, fresh.calls_per_second, fresh.ends_at) == (3, 1.5, NOW + 9)
    assert (
        fresh.sentence.english(lambda at: f"<{at:d}>") == f"The calling window is closed until <{NOW + 5}>."
    )
    stale = read(lambda: view(campaign_id, NOW + STALE_MS + 1))
    assert (stale.reason, stale.details) == (why.ENGINE_OFF, {"since": NOW})
    assert (stale.calls_up, stale.calls_per_second, stale.ends_at) == (None, 0.0, None)
    assert "موتور" in in_persian(stale.sentence)


def test_progress_is_of_those_that_can_be_called(campaign_id: int) -> None:
    write(lambda: CampaignCounts.update(total=12, excluded=2, delivered=3, exhausted=1, waiting=6).execute())
    found = read(lambda: view(campaign_id, NOW))
    assert (found.callable, found.done, found.progress, found.delivered_share) == (10, 4, 0.4, 0.75)


def test_those_that_will_be_tried_again_count_as_called(campaign_id: int) -> None:
    write(
        lambda: CampaignCounts.update(total=10, delivered=3, exhausted=1, retry_wait=2, waiting=4).execute()
    )
    found = read(lambda: view(campaign_id, NOW))
    assert (found.called, found.delivered_share) == (6, 0.5)


def test_newest_first_in_pages(campaign_id: int, account_id: int) -> None:
    rules = CampaignRules(name="Second")
    second = write(lambda: campaigns.create(account_id, rules, None, NOW, ANYTHING))
    assert [one.id for one in read(lambda: views(NOW))] == [second, campaign_id]
    assert [one.id for one in read(lambda: views(NOW, before_id=second))] == [campaign_id]
    assert [one.id for one in read(lambda: views(NOW, states=("running",)))] == []


def test_votes_are_counted_by_key_once(campaign_id: int) -> None:
    def work() -> list[Settle]:
        found = []
        for n, vote in enumerate(("1", "2", "1", "")):
            attempt = Attempt.create(
                uuid=f"u{n}", recipient_id=n, campaign_id=campaign_id, switch_id=1, gateway_id=1,
                core_uuid="c", state="answered", try_no=1, created_at=NOW,
            )  # fmt: skip
            row = Recipient.create(
                campaign_id=campaign_id, line=n, number=f"+98912000000{n}", state="in_call",
                attempt_id=attempt.id,
            )  # fmt: skip
            end = CallEnd(f"u{n}", "NORMAL_CLEARING", answered_at=NOW, ended_at=NOW, vote=vote)
            found.append(
                Settle(
                    attempt.id, row.id, campaign_id, end, "answered", spent_try=True, free_try=False,
                    settled_by="event", next_state="delivered", next_at=0, avoid_gateway_id=0,
                )
            )  # fmt: skip
        return found

    ends = write(work)
    write(lambda: Settler().write(ends[:2]))
    write(lambda: Settler().write(ends))  # some are told a second time
    assert read(lambda: campaign_view.votes(campaign_id)) == {"1": 2, "2": 1}


def test_a_pause_for_want_of_credit_says_so(campaign_id: int) -> None:
    write(lambda: start(campaign_id))
    write(lambda: campaigns.pause(campaign_id, "x", code=why.NO_CREDIT))
    assert read(lambda: view(campaign_id, NOW)).reason == why.NO_CREDIT
