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
    lab.house.dialer.call_events.settle_lost(call, "reaper")
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


@pytest.mark.parametrize("state", ["draft", "paused", "stopped", "finished"])
def test_counts_of_a_campaign_that_nobody_dials_are_put_right(lab: Lab, state: str) -> None:
    ids = [make_campaign(2) for _ in range(3)]
    write(lambda: changed("UPDATE campaign SET state = ?", [state]))
    write(lambda: changed("UPDATE recipient SET state = 'delivered'"))
    write(lambda: changed("UPDATE campaign_counts SET waiting = 0, delivered = 2"))
    lab.house.dialer.refresh()
    assert [lab.step() for _ in range(4)] == [[]] * 4
    broken = "UPDATE campaign_counts SET waiting = -1, cancelled = 1 WHERE campaign_id = ?"
    write(lambda: changed(broken, [ids[1]]))
    assert lab.step() == ["counts"]
    assert lab.step() == []
    assert lab.house.audit(ids[1]) == []


def test_counts_that_only_a_recount_can_prove_wrong_are_found_in_turn(lab: Lab) -> None:
    dialled = [make_campaign(1) for _ in range(2)]
    ids = [make_campaign(2) for _ in range(4)]
    write(lambda: changed("UPDATE campaign SET state = 'paused' WHERE id > ?", [dialled[-1]]))
    lab.house.dialer.refresh()
    write(
        lambda: changed(
            "UPDATE campaign_counts SET waiting = 0, retry_wait = 2 WHERE campaign_id > ?", ids[:1]
        )
    )
    rounds = [lab.step() for _ in range(10)]
    assert sorted(kind for found in rounds for kind in found) == ["counts"] * 3
    assert max(len(found) for found in rounds) == 1, "one recount a round"
    assert all(lab.house.audit(key) == [] for key in ids)


def test_a_page_of_wrong_counts_does_not_hold_up_a_round(lab: Lab) -> None:
    for _ in range(auditor_module.MOST_WRONG + 3):
        make_campaign(1)
    write(lambda: changed("UPDATE campaign SET state = 'paused'"))
    write(lambda: changed("UPDATE campaign_counts SET waiting = 5"))
    lab.house.dialer.refresh()
    first, second = lab.step(), lab.step()
    assert auditor_module.MOST_WRONG <= len(first) <= auditor_module.MOST_WRONG + 1
    assert len(first) + len(second) == auditor_module.MOST_WRONG + 3


def test_a_finished_campaign_with_recipients_left_is_said(lab: Lab) -> None:
    make_campaign(1)
    write(lambda: changed("UPDATE campaign SET state = 'finished'"))
    lab.house.dialer.refresh()
    assert lab.step() == ["not_final"]
