"""The auditor: what it puts right, and what it only says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.monitoring import auditor as auditor_module
from engine.monitoring.auditor import Auditor
from engine.store.findings import recent_findings
from engine.store.sql import changed
from engine.store.threads import read, write
from engine.store.writer import Writer
from tests.dialing.recovery.house import House
from tests.store.cast import NOW, make_campaign


class Lab:
    """A house with an auditor whose clock is moved by hand."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.now_m = 1_000.0
        self.auditor = Auditor(house.dialer, house.writer, self.clock, 300.0)
        house.dialer.reaper.clock = self.clock

    def clock(self) -> tuple[int, float]:
        return NOW * 2, self.now_m

    def step(self) -> list[str]:
        """The kinds of a full round's findings."""
        self.now_m += 100.0
        self.house.flush()
        return [item.kind for item in self.auditor.step()]


@pytest.fixture
def lab(store: Writer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    monkeypatch.setattr(auditor_module, "FRESH_S", -1e9)
    house = House()
    yield Lab(house)
    house.stop()


def sent(house: House, recipients: int) -> int:
    campaign_id = make_campaign(recipients)
    house.connect()
    house.claim()
    assert house.send() == recipients
    house.switch.read_all()
    return campaign_id


def test_right_books_are_left_alone(lab: Lab) -> None:
    sent(lab.house, 3)
    assert lab.step() == []
    assert lab.step() == []


def test_counts_and_seats_are_put_right_and_the_finding_is_kept(lab: Lab) -> None:
    campaign_id = sent(lab.house, 3)
    write(lambda: changed("UPDATE campaign_counts SET live = 9 WHERE campaign_id = ?", [campaign_id]))
    lab.house.dialer.lanes.gateways[1].seats.used += 2
    assert sorted(lab.step()) == ["counts", "seats"]
    assert lab.step() == []
    assert lab.house.seats() == (3, 3)
    assert {(row.kind, row.is_repaired) for row in read(lambda: recent_findings(0))} == {
        ("counts", True),
        ("seats", True),
    }


def test_an_attempt_that_nobody_follows_is_recovered(lab: Lab) -> None:
    campaign_id = sent(lab.house, 2)
    (lost, _) = lab.house.calls()
    lab.house.dialer.calls.remove(lost.uuid)
    lab.house.dialer.lanes.give_seat(lost)
    assert lab.step() == []  # it might be on its way into memory
    assert lab.step() == ["attempt_unfollowed"]
    assert lab.house.seats() == (2, 2)
    assert lab.house.audit(campaign_id) == []


def test_a_call_that_the_switch_lost_is_asked_after_within_seconds(lab: Lab) -> None:
    sent(lab.house, 2)
    uuid = lab.house.calls()[0].uuid
    lab.house.switch.end(uuid)
    lab.house.switch.events.clear()
    lab.step()
    assert lab.step() == ["call_gone"]
    lab.house.dialer.reaper.step()
    lab.house.overdue()
    assert [row.settled_by for row in lab.house.attempts() if row.uuid == uuid] == ["record"]


def test_a_channel_whose_attempt_has_ended_is_hung_up(lab: Lab) -> None:
    sent(lab.house, 2)
    call = lab.house.calls()[0]
    lab.house.dialer.desk.settle_lost(call, "reaper")
    lab.step()
    assert lab.step() == ["channel_after_end"]
    assert lab.house.switch.killed == [call.uuid]


def test_attempts_of_a_switch_that_nobody_serves_are_given_up_after_the_wait(lab: Lab) -> None:
    campaign_id = sent(lab.house, 1)
    lab.house.flush()
    lab.house.disconnect()
    lab.house.dialer.forget_switch(1)
    kinds = [kind for _ in range(6) for kind in lab.step()]
    assert kinds == ["switch_unserved"]
    assert lab.house.recipients()[0].state == "unknown"
    assert lab.house.audit(campaign_id) == []
