"""Customers hear once of what is theirs: campaigns that end, messages that are decided, credit that is low."""

from __future__ import annotations

from engine.clock import wall_ms
from engine.services.campaigns import approvals
from engine.services.money import ledger
from engine.services.notices import own_events
from engine.services.outbox import addresses
from engine.states import AccountState, CampaignState, MessageState
from engine.store.tables.core import Account, Campaign, CampaignCounts, Message
from engine.store.tables.support import ContactAddress, Delivery
from engine.store.threads import read, write


def _address(account_id: int, topics: str, is_verified: bool = True, address: str = "a@example.com") -> None:
    now = wall_ms()
    write(
        lambda: ContactAddress.create(
            account_id=account_id, channel="email", address=address, topics=topics, language="en",
            created_at=now, verified_at=now if is_verified else None,
        )
    )  # fmt: skip


def _told() -> list[str]:
    return read(lambda: [row.text.split("\n")[0] for row in Delivery.select().order_by(Delivery.id)])


def test_each_thing_is_told_once_to_who_wants_it(app, cast) -> None:
    now = wall_ms()
    _address(cast.sahar, "campaigns money messages")
    _address(cast.sahar, "campaigns money messages", is_verified=False, address="b@example.com")
    _address(cast.sahar, "tickets", address="c@example.com")
    write(lambda: own_events.watch(now, 500_000))  # from now on
    write(lambda: Campaign.update(state=CampaignState.FINISHED, finished_at=now + 1).execute())
    write(lambda: CampaignCounts.update(total=1_200, excluded=200, delivered=980).execute())
    write(lambda: Message.update(state=MessageState.WAITING).execute())
    message = read(lambda: Message.get())
    write(lambda: approvals.reject(message.id, "too loud", 1, now + 2))
    write(lambda: Account.update(state=AccountState.ACTIVE).where(Account.id == cast.sahar).execute())
    write(lambda: ledger.adjust(cast.sahar, -600_000, "spent", "spent", None, now))
    for _again in range(3):
        write(lambda: own_events.watch(now + 3, 500_000))
    assert _told() == [
        "Campaign «Autumn <b>» has ended: 980 of 1,000 delivered. The result is in the panel.",
        "The message «Hello» was rejected: too loud",
        "The credit of «Sahar» is low: 400,000 Rials are left. Top it up in the panel, or campaigns pause.",
    ]
    write(lambda: ledger.top_up(cast.sahar, 500_000, "more", now))
    write(lambda: own_events.watch(now + 4, 500_000))
    write(lambda: ledger.adjust(cast.sahar, -600_000, "spent", "spent again", None, now))
    write(lambda: own_events.watch(now + 5, 500_000))
    assert _told()[3:] == [
        "The credit of «Sahar» is low: 300,000 Rials are left. Top it up in the panel, or campaigns pause."
    ]


def test_what_happened_before_it_was_first_asked_is_not_told(app, cast) -> None:
    _address(cast.sahar, "campaigns")
    write(lambda: Campaign.update(state=CampaignState.STOPPED, finished_at=wall_ms() - 1_000).execute())
    write(lambda: own_events.watch(wall_ms(), 0))
    assert _told() == []


def test_a_customer_chooses_what_is_told(owner, cast) -> None:
    _address(cast.sahar, "campaigns tickets")
    row = read(lambda: ContactAddress.get())
    path = f"/contacts/addresses/{row.id}/topics"
    assert owner.post(path, {"topics": ["money"]}, page="/contacts").status_code == 302
    assert read(lambda: addresses.to_be_told(cast.sahar, "campaigns")) == []
    assert len(read(lambda: addresses.to_be_told(cast.sahar, "money"))) == 1
    assert owner.post(path, {}, page="/contacts").status_code == 302
    assert read(lambda: ContactAddress.get()).topics == ""
    assert owner.post(path, {"topics": ["public"]}, page="/contacts").status_code == 400
