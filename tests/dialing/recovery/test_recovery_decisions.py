"""Recovery, one crash at a time: what each open attempt becomes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import gevent
import pytest

from engine.call_end import SENT_CANCEL, CallEnd
from engine.clock import wall_ms
from engine.dialing import recovery
from engine.store.tables.core import Account, Campaign, Recipient
from engine.store.threads import write
from engine.store.writer import Writer
from tests.dialing.recovery.fake_switch import FakeSwitch
from tests.dialing.recovery.house import House
from tests.store.cast import make_campaign
from tests.waits import wait_for


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "SETTLE_DOWN_S", 0.0)
    monkeypatch.setattr(recovery, "SETTLE_DOWN_PER_CALL_S", 0.0)
    monkeypatch.setattr(recovery, "PROBE_S", 0.01)


@pytest.fixture
def house(store: Writer) -> Iterator[House]:
    made = House()
    yield made
    made.stop()


def sent(house: House, recipients: int = 1, **rules: object) -> tuple[int, list[str]]:
    """A campaign whose calls have all been handed to the switch."""
    campaign_id = make_campaign(recipients, **rules)
    house.connect()
    assert house.claim() == recipients
    assert house.send() == recipients
    return campaign_id, list(house.switch.buffer)


def test_a_living_call_is_adopted_with_its_seats_and_its_answer(house: House) -> None:
    campaign_id, (uuid,) = sent(house)
    house.switch.read_all()
    house.switch.answer(uuid)
    house.crash(written=True)
    tally = house.connect()
    assert (tally.adopted, tally.unsent, tally.lost) == (1, 0, 0)
    assert house.seats() == (1, 1)
    (recipient,) = house.recipients()
    assert recipient.state == "in_call"
    house.switch.end(uuid)
    house.deliver(0)
    assert house.recipients()[0].state == "delivered"
    assert house.seats() == (0, 0)
    assert house.audit(campaign_id) == []


def test_what_ended_in_our_absence_is_read_from_the_record(house: House) -> None:
    campaign_id, (uuid,) = sent(house)
    house.switch.read_all()
    house.crash(written=False)
    house.switch.answer(uuid)
    house.switch.end(uuid)
    tally = house.connect()
    assert tally.recorded == 1
    (attempt,) = house.attempts()
    assert (attempt.settled_by, attempt.disposition, attempt.heard_ms) == ("record", "answered", 4000)
    assert house.audit(campaign_id) == []


def test_what_never_reached_the_switch_goes_back_to_the_queue(house: House) -> None:
    campaign_id, _ = sent(house)
    house.switch.buffer.clear()
    house.crash(written=True)
    tally = house.connect()
    assert tally.unsent == 1
    (recipient,) = house.recipients()
    assert (recipient.state, recipient.tries) == ("pending", 0)
    assert house.claim() == 1
    assert house.audit(campaign_id) == []


def test_an_originate_still_in_the_switchs_buffer_is_not_dialled_again(house: House) -> None:
    _, (uuid,) = sent(house)
    house.switch.unread_until_asked = True  # it shows in no list at the first look
    house.crash(written=True)
    tally = house.connect()
    assert (tally.adopted, tally.unsent) == (1, 0)
    assert house.switch.rung[uuid] == 1


def test_without_records_nothing_is_taken_for_unsent(house: House) -> None:
    house.switch.complete = None
    campaign_id, _ = sent(house)
    house.switch.read_all()
    house.crash(written=True)
    house.switch.alive.clear()  # it ended, and nobody wrote it down
    tally = house.connect()
    assert (tally.lost, tally.unsent) == (1, 0)
    assert house.recipients()[0].state == "unknown"
    assert house.audit(campaign_id) == []


@pytest.mark.parametrize(("policy", "state"), [("leave", "unknown"), ("call_again", "retry_wait")])
def test_a_restarted_switch_takes_its_calls_with_it(house: House, policy: str, state: str) -> None:
    campaign_id, uuids = sent(house, 2, unknown_policy=policy, max_tries=3)
    house.switch.read_all()
    house.switch.answer(uuids[0])
    house.deliver(0)
    house.flush()
    house.disconnect()
    house.switch.restart()
    tally = house.connect()
    assert (tally.lost, tally.unsent, tally.adopted) == (2, 0, 0)
    answered, other = house.attempts()
    assert (answered.disposition, answered.hangup_cause) == ("answered", "SYSTEM_SHUTDOWN")
    assert other.disposition == "lost"
    assert [row.state for row in house.recipients()] == [state, state]
    assert house.audit(campaign_id) == []


@pytest.mark.parametrize("by_record", [False, True])
def test_a_switch_that_stood_still_cannot_say_that_nothing_came_back(house: House, by_record: bool) -> None:
    """Suspended just after an INVITE: it wakes, its time-out has run out, and it cancels before it reads the 180."""
    campaign_id, (doubted, rang) = sent(house, 2)
    house.switch.read_all()
    next(call for call in house.calls() if call.uuid == rang).has_rung = True
    house.switch.silent_s = 5.0
    assert house.send() == 0
    house.switch.silent_s = 0.0
    ends = [
        CallEnd(doubted, "NO_ANSWER", ended_at=wall_ms(), closed_by=SENT_CANCEL),
        CallEnd(rang, "NO_ANSWER", ended_at=wall_ms(), rang_at=wall_ms(), closed_by=SENT_CANCEL),
    ]
    if by_record:
        house.disconnect()
        house.switch.alive.clear()
        house.switch.records = {end.uuid: end for end in ends}
        assert house.connect().recorded == 2
    else:
        for end in ends:
            house.dialer.call_events.on_hangup(end)
    assert {row.uuid: row.disposition for row in house.attempts()} == {doubted: "lost", rang: "no_answer"}
    assert {row.state for row in house.recipients()} <= {"unknown", "exhausted", "retry_wait"}
    assert house.audit(campaign_id) == []


def test_a_lost_call_may_have_rung_and_begins_the_accounts_gap(house: House) -> None:
    make_campaign(2)
    write(lambda: Account.update(min_gap_s=3_600).execute())
    house.connect()
    assert (house.claim(), house.send()) == (2, 2)
    house.switch.read_all()
    house.disconnect()
    house.switch.restart()
    assert house.connect().lost == 2
    house.flush()
    make_campaign(3)
    assert sum(house.claim() for _ in range(5)) == 1, (
        "two of the three numbers were rung within the hour, perhaps"
    )


def test_a_record_of_the_life_before_counts_after_a_restart(house: House) -> None:
    _, (uuid,) = sent(house)
    house.switch.read_all()
    house.switch.end(uuid)
    house.disconnect()
    house.switch.restart()
    assert house.connect().recorded == 1
    assert house.attempts()[0].disposition == "busy"


def test_calls_that_only_waited_in_front_of_the_switch_are_given_back(house: House) -> None:
    campaign_id = make_campaign(3)
    house.connect()
    assert house.claim() == 3
    house.disconnect()
    assert {row.state for row in house.recipients()} == {"pending"}
    assert house.attempts() == []
    assert house.seats() == (0, 0)
    assert house.audit(campaign_id) == []


def test_records_that_cannot_be_read_decide_nothing(house: House) -> None:
    _, (uuid,) = sent(house)
    house.switch.read_all()
    house.crash(written=True)
    house.switch.end(uuid)
    house.switch.events.clear()
    house.switch.records_away = True
    house.connect(recover=False)
    running = gevent.spawn(house.recover)
    wait_for(lambda: house.switch.asked["records away"], "the records to be asked for")
    assert not running.dead
    assert house.attempts()[0].state != "ended"
    house.switch.records_away = False
    running.get(timeout=10)
    assert house.attempts()[0].settled_by == "record"


def test_a_switch_that_leaves_while_it_is_asked_is_not_asked_for_every_call(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(house, 20)
    house.switch.buffer.clear()
    house.crash(written=True)
    house.connect(recover=False)
    answer, questions = house.switch.api, []

    def leave_at_the_question(frame: bytes, timeout_s: float | None = None) -> str:
        if b"uuid_exists" in frame:
            questions.append(frame)
            house.switch.is_up = False
        return answer(frame, timeout_s)

    monkeypatch.setattr(house.switch, "api", leave_at_the_question)
    failed: list[object] = []
    monkeypatch.setattr(gevent.get_hub(), "print_exception", lambda *failure: failed.append(failure))
    house.recover()
    assert failed == []
    assert (len(questions), len(house.calls())) == (1, 20)


def test_a_recovery_that_is_broken_off_is_done_again(house: House) -> None:
    campaign_id, uuids = sent(house, 5)
    house.switch.read_all()
    house.crash(written=True)
    house.connect(recover=False)
    house.switch.is_up = False
    house.recover()
    assert len(house.calls()) == 5
    house.disconnect()
    house.switch.end(uuids[0])
    tally = house.connect()
    assert (tally.adopted, tally.recorded) == (4, 1)
    assert house.audit(campaign_id) == []


def test_dialling_goes_on_while_suspects_wait(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "SETTLE_DOWN_S", 30.0)
    sent(house)
    house.switch.buffer.clear()
    house.crash(written=True)
    house.connect(recover=False)
    running = gevent.spawn(house.recover)
    wait_for(lambda: 1 in house.dialer.recovery.suspects, "the recovery")
    make_campaign(4)
    assert house.claim() == 4
    assert house.send() == 4
    assert len(house.dialer.recovery.suspects[1]) == 1
    running.kill()


def test_a_switch_that_is_held_up_is_not_believed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two slow answers while settling down: the wait begins anew each time."""
    monkeypatch.setattr(recovery, "SETTLE_DOWN_S", 0.1)
    monkeypatch.setattr(recovery, "PROMPT_S", 0.05)
    slow = iter([0.2, 0.2])

    class Slow(FakeSwitch):
        def api(self, frame: bytes, timeout_s: float | None = None) -> str:
            if b"strepoch" in frame:
                gevent.sleep(next(slow, 0.0))
            return super().api(frame, timeout_s)

    house.switch.__class__ = Slow
    _, _ = sent(house)
    house.switch.buffer.clear()
    house.crash(written=True)
    assert house.connect().seconds > 0.5


def test_calls_of_a_switch_that_stays_away_are_ended_after_the_wait(house: House) -> None:
    campaign_id, uuids = sent(house, 2)
    house.switch.read_all()
    house.switch.end(uuids[0])  # its record is here, though the switch is not
    house.disconnect()
    house.overdue()
    assert len(house.calls()) == 2
    house.dialer._away_since_m[1] -= 301
    house.overdue()
    states = {row.number: row.state for row in house.recipients()}
    assert sorted(states.values()) == ["exhausted", "unknown"]
    assert house.audit(campaign_id) == []


def test_what_a_switch_left_open_that_nobody_serves_is_given_up(house: House) -> None:
    campaign_id, _ = sent(house)
    house.switch.read_all()
    house.crash(written=True)
    house.dialer.forget_switch(1)
    assert house.dialer.recovery.give_up(1) == 1
    assert house.recipients()[0].state == "unknown"
    assert set(house.seats()) == {0}
    assert house.audit(campaign_id) == []


def test_a_campaign_paused_meanwhile_is_settled_and_resumed_with_its_calls(house: House) -> None:
    campaign_id, (uuid,) = sent(house)
    house.switch.read_all()
    write(lambda: Campaign.update(state="paused").execute())
    house.crash(written=True)
    assert house.connect().adopted == 1
    run = house.dialer.running_campaigns.run_of(campaign_id)
    assert run is not None
    assert (run.live, run.may_dial) == (1, False)
    write(lambda: Campaign.update(state="running").execute())
    house.dialer.refresh()
    assert house.dialer.running_campaigns.runs[campaign_id] is run
    assert run.may_dial
    house.switch.end(uuid)
    house.deliver(0)
    assert run.live == 0


def test_a_restart_does_not_give_a_number_ten_minutes_more(house: House) -> None:
    """When its uncounted tries began is in its row; a try that rang the phone ends them."""

    def turn(cause: str) -> None:
        write(lambda: Recipient.update(next_at=0).execute())
        assert (house.claim(), house.send()) == (1, 1)
        (uuid,) = house.switch.buffer
        house.switch.read_all()
        house.switch.end(uuid, cause)
        if cause != "USER_BUSY":
            house.switch.events[0] = replace(house.switch.events[0], rang_at=None)
        house.deliver(0)
        house.flush()

    make_campaign(1, max_tries=9)
    house.connect()
    turn("NORMAL_TEMPORARY_FAILURE")
    assert house.recipients()[0].first_fault_at == house.attempts()[0].ended_at
    first = wall_ms() - 500_000
    write(lambda: Recipient.update(first_fault_at=first).execute())
    house.crash(written=True)
    house.connect()
    turn("NORMAL_TEMPORARY_FAILURE")
    (row,) = house.recipients()
    assert (row.uncounted_tries, row.first_fault_at, row.state) == (2, first, "retry_wait")
    turn("USER_BUSY")
    (row,) = house.recipients()
    assert (row.tries, row.first_fault_at) == (1, None)
    write(lambda: Recipient.update(first_fault_at=wall_ms() - 600_000).execute())
    house.crash(written=True)
    house.connect()
    turn("NORMAL_TEMPORARY_FAILURE")
    assert house.recipients()[0].state == "exhausted"
