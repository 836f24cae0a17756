"""A campaign that is there: changed, moved, put away, cloned, ended by its own date, and how it went by the minute."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from engine.clock import TEHRAN
from engine.errors import BadInput, Conflict
from engine.services.accounts import audit_log
from engine.services.campaigns import campaigns, clone, edit, go_on, outcomes, timeline, view, why
from engine.services.campaigns.outcomes import Chosen
from engine.services.campaigns.rules import CampaignRules
from engine.services.compliance import cap_requests, traffic_caps
from engine.services.money import days, ledger, ledger_check, pricing
from engine.states import FINAL_STATES, CampaignState, Disposition, RecipientState
from engine.store import timeline as kept_timeline
from engine.store.ledger import book
from engine.store.tables.core import Account, Campaign, CampaignCounts, CampaignPulse, Message, Recipient
from engine.store.tables.texts import TextRule
from engine.store.threads import read, write
from engine.store.writer import Writer
from tests.campaigns.conftest import NOW
from tests.policies import ANYTHING

DAY = 86_400_000


def fill(campaign_id: int) -> None:
    """Six recipients: delivered, busy, not answered, rejected, set aside, waiting."""
    ends = [
        (RecipientState.DELIVERED, Disposition.ANSWERED),
        (RecipientState.EXHAUSTED, Disposition.BUSY),
        (RecipientState.EXHAUSTED, Disposition.NO_ANSWER),
        (RecipientState.EXHAUSTED, Disposition.REJECTED),
        (RecipientState.EXCLUDED, ""),
        (RecipientState.PENDING, ""),
    ]
    for line, (state, disposition) in enumerate(ends, start=1):
        Recipient.create(
            campaign_id=campaign_id, line=line, number=f"+98912000000{line}", state=state, disposition=disposition,
            is_mobile=True, reason="duplicate" if state == RecipientState.EXCLUDED else "",
        )  # fmt: skip
    CampaignCounts.update(total=6, waiting=1, delivered=1, exhausted=3, excluded=1).execute()


def change(campaign_id: int, **changes: object) -> list[str]:
    return write(lambda: edit.change(campaign_id, changes, None, NOW, ANYTHING))


def test_what_is_changed_is_checked_written_and_audited(campaign_id: int) -> None:
    assert change(campaign_id, name="Winter", max_tries=3, weekdays="7761", windows="9-14") == [
        "name", "windows", "weekdays", "max_tries",
    ]  # fmt: skip
    row = read(lambda: campaigns.get(campaign_id))
    assert (row.name, row.search, row.max_tries) == ("Winter", "winter", 3)
    assert (row.weekdays, row.windows) == ("167", "09:00-14:00")
    entry = read(audit_log.entries)[0]
    assert (entry.action, entry.subject) == ("campaign.change", f"campaign {campaign_id}")
    assert "Autumn" in entry.before
    assert "Winter" in entry.after
    assert change(campaign_id, name="Winter") == []
    assert [one.action for one in read(audit_log.entries)].count("campaign.change") == 1
    for wrong in (
        {"max_tries": 0},
        {"weekdays": "8"},
        {"windows": "25-26"},
        {"ends_at": NOW},
        {"starts_at": NOW},
    ):
        with pytest.raises(BadInput):
            change(campaign_id, **wrong)


def test_a_scheduled_one_is_moved_and_cancelled(campaign_id: int) -> None:
    write(lambda: fill(campaign_id))
    change(campaign_id, starts_at=NOW + DAY)
    write(lambda: campaigns.start(campaign_id, NOW, ANYTHING))
    change(campaign_id, starts_at=NOW + 2 * DAY)
    assert write(lambda: campaigns.start_due(NOW + DAY, ANYTHING)) == []
    write(lambda: edit.cancel_start(campaign_id, None, NOW))
    row = read(lambda: campaigns.get(campaign_id))
    assert (row.state, row.starts_at) == (CampaignState.DRAFT, None)
    with pytest.raises(Conflict):
        write(lambda: edit.cancel_start(campaign_id, None, NOW))


def test_one_that_has_ended_takes_a_name_and_nothing_else(campaign_id: int) -> None:
    write(lambda: campaigns.stop(campaign_id, NOW))
    assert change(campaign_id, name="Over") == ["name"]
    with pytest.raises(Conflict):
        change(campaign_id, max_tries=4)


def test_what_is_archived_is_in_no_list_until_it_is_asked_for(campaign_id: int) -> None:
    write(lambda: edit.archive(campaign_id, None, NOW))
    assert read(lambda: view.views(NOW)) == []
    assert [one.id for one in read(lambda: view.views(NOW, archived=True))] == [campaign_id]
    write(lambda: edit.unarchive(campaign_id, None, NOW))
    assert [one.id for one in read(lambda: view.views(NOW))] == [campaign_id]
    write(lambda: fill(campaign_id))
    write(lambda: campaigns.start(campaign_id, NOW, ANYTHING))
    with pytest.raises(Conflict):
        write(lambda: edit.archive(campaign_id, None, NOW))


@pytest.mark.parametrize(
    ("only", "numbers"),
    [
        (("all",), "12346"),
        (("not-reached",), "234"),
        (("busy",), "2"),
        (("busy", "rejected"), "24"),
        (("not-called", "busy"), "26"),
        (("nobody",), ""),
    ],
)
def test_those_who_are_chosen_are_called_again(
    campaign_id: int, monkeypatch, only: tuple[str, ...], numbers: str
) -> None:
    write(lambda: fill(campaign_id))
    monkeypatch.setattr(clone, "PART", 2)
    made = clone.clone(campaign_id, NOW, ANYTHING, write, only)
    rows = read(lambda: list(Recipient.select().where(Recipient.campaign_id == made).order_by(Recipient.id)))
    assert "".join(row.number[-1] for row in rows) == numbers
    assert {row.state for row in rows} <= {RecipientState.PENDING}
    counts = read(lambda: CampaignCounts.get_by_id(made))
    assert (counts.total, counts.waiting, counts.mobiles) == (len(numbers),) * 3
    assert read(lambda: campaigns.get(made)).pause_code == ""


@pytest.mark.parametrize(
    ("permissions", "kept"), [("texts", [("success", "Thanks", "3000", True)]), ("", [])]
)
def test_texts_that_follow_the_calls_come_along(campaign_id: int, permissions: str, kept: list[Any]) -> None:
    def make() -> None:
        fill(campaign_id)
        TextRule.create(
            campaign_id=campaign_id, outcome="success", text="Thanks", line="3000", may_change_line=True
        )
        sahar = Account.create(name="Sahar", state="active", permissions=permissions, created_at=NOW)
        Campaign.update(account=sahar).execute()
        Message.update(account=sahar).execute()

    write(make)
    made = clone.clone(campaign_id, NOW, ANYTHING, write)
    copied = read(lambda: list(TextRule.select().where(TextRule.campaign_id == made)))
    assert [(row.outcome, row.text, row.line, row.may_change_line) for row in copied] == kept


def test_a_pause_without_a_reason_says_no_more(campaign_id: int) -> None:
    write(lambda: fill(campaign_id))
    write(lambda: campaigns.start(campaign_id, NOW, ANYTHING))
    write(lambda: campaigns.pause(campaign_id, ""))
    assert str(read(lambda: view.view(campaign_id, NOW)).sentence) == "It is paused."


@pytest.mark.parametrize("word", outcomes.AGAIN)
def test_as_many_are_copied_as_are_counted(campaign_id: int, word: str) -> None:
    """Each state with each end of the last try: a campaign that was stopped leaves some between two tries."""
    ends = list(product(RecipientState, ("", *Disposition)))

    def make() -> None:
        for line, (state, last) in enumerate(ends):
            Recipient.create(
                campaign_id=campaign_id, line=line, number=f"+98912{line:07d}", state=state, disposition=last,
                is_mobile=True, finished_at=NOW if state in FINAL_STATES else None,
            )  # fmt: skip
        CampaignCounts.update(total=len(ends)).execute()

    write(make)
    counted = read(lambda: outcomes.counts(campaign_id, outcomes.AGAIN))[word]
    made = clone.clone(campaign_id, NOW, ANYTHING, write, (word,))
    assert counted == read(lambda: CampaignCounts.get_by_id(made)).total > 1


def test_a_copy_that_was_cut_is_not_started(campaign_id: int, monkeypatch) -> None:
    write(lambda: fill(campaign_id))
    monkeypatch.setattr(clone, "PART", 2)
    steps = []

    def cut(work):
        steps.append(work)
        if len(steps) == 3:
            raise KeyboardInterrupt
        return write(work)

    with pytest.raises(KeyboardInterrupt):
        clone.clone(campaign_id, NOW, ANYTHING, cut)
    made = campaign_id + 1
    with pytest.raises(Conflict, match="still being copied"):
        write(lambda: campaigns.start(made, NOW, ANYTHING))
    assert read(lambda: view.view(made, NOW)).reason == why.COPYING
    write(lambda: campaigns.stop(made, NOW))


def test_nobody_to_call_is_said_before_a_draft_is_made(campaign_id: int) -> None:
    write(lambda: fill(campaign_id))
    for only in (("unknown",), ("nonsense",), ()):
        with pytest.raises(BadInput):
            clone.clone(campaign_id, NOW, ANYTHING, write, only)
    assert len(read(lambda: view.views(NOW))) == 1


def test_its_own_end_stops_it(campaign_id: int) -> None:
    write(lambda: fill(campaign_id))
    change(campaign_id, ends_at=NOW + DAY)
    write(lambda: campaigns.start(campaign_id, NOW, ANYTHING))
    assert read(lambda: go_on.over(NOW + DAY - 1)) == []
    ids = read(lambda: go_on.over(NOW + DAY))
    write(lambda: go_on.end(ids, NOW + DAY))
    found = read(lambda: view.view(campaign_id, NOW + DAY))
    assert (found.state, found.reason) == (CampaignState.STOPPED, why.ENDED)
    assert (found.counts.cancelled, found.counts.waiting) == (1, 0)


def test_a_cap_pauses_and_lets_go_on_by_itself(campaign_id: int, account_id: int) -> None:
    def begin() -> None:
        fill(campaign_id)
        Account.update(is_house=False).execute()
        Account.create(name="House", created_at=NOW, state="active", is_house=True)
        pricing.ensure_default(NOW)
        ledger.top_up(account_id, 1_000_000, "test", NOW)
        traffic_caps.set_caps(account_id, 5, None, NOW, None)
        campaigns.start(campaign_id, NOW, ANYTHING)
        traffic_caps.count_calls(account_id, 5, NOW)
        campaigns.pause(campaign_id, "the cap", code=why.CAPPED)

    write(begin)
    assert read(lambda: go_on.uncapped(NOW, ANYTHING)) == []
    hour = NOW // 3_600_000 * 3_600_000 + 3_600_000
    assert read(lambda: go_on.uncapped(hour, ANYTHING)) == [campaign_id]  # its hour has ended
    asked = write(lambda: cap_requests.ask(account_id, 1, campaign_id, " more ", NOW))
    assert write(lambda: cap_requests.ask(account_id, 1, None, "again", NOW)) == asked
    assert [row.note for row in read(cap_requests.waiting)] == ["more"]
    write(lambda: cap_requests.grant(asked, 50, None, 2, NOW))
    assert read(cap_requests.count_waiting) == 0
    with pytest.raises(Conflict):
        write(lambda: cap_requests.refuse(asked, "no", 2, NOW))
    ids = read(lambda: go_on.uncapped(NOW, ANYTHING))
    assert ids == [campaign_id]
    write(lambda: go_on.resume_uncapped(ids, NOW, ANYTHING))
    assert read(lambda: campaigns.get(campaign_id)).state == CampaignState.RUNNING


def test_how_it_goes_is_kept_by_the_minute(campaign_id: int) -> None:
    def note(minute: int, calls_up: int, **counts: int) -> None:
        if counts:
            CampaignCounts.update(**counts).execute()
        kept_timeline.note(campaign_id, calls_up, minute * 60_000)

    base = int(datetime(2026, 11, 23, 9, 30, tzinfo=UTC).timestamp()) // 60  # 13:00 in Tehran
    write(lambda: note(base, 0))  # nothing has happened yet
    write(lambda: note(base, 9, attempts=10, answered=4, busy=3))
    write(lambda: note(base, 2, attempts=12, answered=5))
    write(lambda: note(base + 1, 0))
    write(lambda: note(base + 2, 1, attempts=30, answered=15, delivered=12))
    series = read(lambda: timeline.of_campaign(campaign_id))
    assert [(p.calls_up, p.calls, p.answered, p.busy, p.other, p.delivered) for p in series.points] == [
        (9, 12, 5, 3, 4, 0), (0, 0, 0, 0, 0, 0), (1, 18, 10, 0, 8, 12),
    ]  # fmt: skip
    assert series.points[1].answer_rate is None
    assert len(read(lambda: timeline.of_campaign(campaign_id, (base + 2) * 60_000)).points) == 2
    assert series.rate(series.points[0]) == 0.2
    hours = read(lambda: timeline.hours_of_day(campaign_id, TEHRAN, base * 60_000))
    assert [(h.hour, h.calls, h.answered) for h in hours] == [(13, 30, 15)]
    write(lambda: note(base + 3000, 1, attempts=40))
    assert 2 <= len(read(lambda: timeline.of_campaign(campaign_id)).points) <= timeline.MOST_POINTS


def test_results_on_both_databases(store: Writer) -> None:
    def make() -> int:
        account = Account.create(name="Sahar", created_at=NOW, state="active", is_house=True)
        made = campaigns.create(int(account.id), CampaignRules(name="Autumn"), None, NOW, ANYTHING)
        ends = (
            RecipientState.DELIVERED,
            RecipientState.EXHAUSTED,
            RecipientState.CANCELLED,
            RecipientState.PENDING,
        )
        for line in range(1, 9):
            state = ends[line % 4]
            Recipient.create(
                campaign_id=made, line=line, number=f"+98912000000{line}", state=state, tries=line % 3,
                disposition="busy" if state == RecipientState.EXHAUSTED else "",
                finished_at=None if state == RecipientState.PENDING else NOW + line, next_at=line, cost=line % 3 * 100,
            )  # fmt: skip
        kept_timeline.note(made, 3, NOW)
        kept_timeline.note(made, 2, NOW + 60_000)
        for n in range(2):
            entries = [("balance", -100), ("revenue", 100)]
            book(int(account.id), "charge", f"charge/{n}", entries, NOW, campaign_id=made)
        book(int(account.id), "topup", "top", [("cash", -500), ("balance", 500)], NOW + DAY, note="money")
        return made

    made = write(make)
    for outcome in outcomes.OUTCOMES:
        for order in outcomes.ORDERS:
            chosen = Chosen(outcome, order)
            whole = read(lambda c=chosen: outcomes.ids(made, c, None, 20))  # type: ignore[misc]
            assert len(whole) == len(set(whole)) == len(read(lambda k=whole: outcomes.lines(k)))  # type: ignore[misc]
            for at, key in enumerate(whole):
                rest = read(lambda c=chosen, k=key: outcomes.ids(made, c, k, 20))  # type: ignore[misc]
                assert rest == whole[at + 1 :]
    assert len(read(lambda: outcomes.ids(made, Chosen(), None, 20))) == 8
    assert read(lambda: outcomes.counts(made, outcomes.ENDED))["cancelled"] == 2
    assert read(lambda: outcomes.counts(made, outcomes.AGAIN))["busy"] == 2
    assert read(lambda: outcomes.not_called(made)) == 1
    assert [point.calls_up for point in read(lambda: timeline.of_campaign(made)).points] == [3, 2]
    account_id = read(lambda: campaigns.get(made)).account_id
    lines = read(lambda: days.lines(account_id, days.Which(), None, 9))
    assert [(line.kind, line.change, line.balance) for line in lines] == [
        ("topup", 500, 300),
        ("calls", -200, -200),
    ]
    assert lines[1].bookings == 2
    assert read(lambda: days.lines(account_id, days.Which("calls"), lines[0].key, 9)) == lines[1:]
    assert read(lambda: days.calls(account_id, made, lines[1].day, None, 9)) == []
    assert "day" not in read(ledger_check.check).found


def test_quick_sends_are_in_no_list_and_cannot_be_cloned(campaign_id: int) -> None:
    write(lambda: Campaign.update(standing_key="quick/1").execute())
    assert read(lambda: view.views(NOW)) == []
    with pytest.raises(Conflict):
        clone.clone(campaign_id, NOW, ANYTHING, write)
    write(lambda: kept_timeline.note(campaign_id, 3, NOW))
    assert read(lambda: timeline.of_campaign(campaign_id)).points == ()
    assert read(lambda: CampaignPulse.select().count()) == 1
