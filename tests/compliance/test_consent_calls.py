"""Who must not be called is not called: lists, the key 11, hours, approval, destinations, caps."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from engine.clock import wall_ms
from engine.errors import BadInput, Conflict
from engine.sentences import sentence_of
from engine.services.accounts import accounts
from engine.services.campaigns import approvals, campaigns, quick_sends
from engine.services.campaigns.quick_sends import QuickOptions
from engine.services.campaigns.rules import CampaignRules
from engine.services.campaigns.start_checks import HourNotAllowed, NotApproved
from engine.services.compliance import do_not_call as suppression
from engine.services.compliance import traffic_caps
from engine.services.compliance.calling_windows import NEVER, parse_windows
from engine.services.compliance.message_kinds import KindHours
from engine.services.compliance.traffic_caps import CapReached, Caps
from engine.services.lists.reader import open_list
from engine.services.messages import library
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.services.reports.files import csv_chunks
from engine.services.trunks import gateways
from engine.states import AccountState, MessageState
from engine.store import do_not_call
from engine.store.do_not_call import EVERYBODY
from engine.store.tables.core import Account, Campaign, Message
from engine.store.threads import read, write
from tests.runtime.lab import Lab
from tests.waits import wait_for

ANY_HOUR = {"hours_advertising": "", "hours_service": ""}


def number(text: str) -> NormalNumber:
    found = normalise(text)
    assert isinstance(found, NormalNumber)
    return found


@pytest.fixture
def open_lab(start_lab: Callable[..., Lab]) -> Lab:
    lab = start_lab(settings=ANY_HOUR)
    write(lambda: gateways.change("embedded", None, wall_ms(), caller_id="0942100"))
    return lab


def customer() -> int:
    """An active account of a customer, with money."""
    row = Account.create(
        name="customer", created_at=0, state=AccountState.ACTIVE, expires_at=wall_ms() + 10**10,
        permissions="advertising own_voice", debt_ceiling=10**9,
    )  # fmt: skip
    return int(row.id)


def test_key_11_in_advertising_bars_advertising_of_everybody_and_service_of_nobody(open_lab: Lab) -> None:
    first = open_lab.campaign(["09123450011", "09123450000"], kind="advertising")
    open_lab.finish(first)
    assert read(lambda: do_not_call.find((EVERYBODY,), [989123450011])) == {989123450011}
    second = open_lab.campaign(["09123450011", "09123460000"], kind="advertising")
    counts = open_lab.finish(second)
    assert (counts.delivered, counts.excluded) == (1, 1)
    assert open_lab.recipient(second, "+989123450011").reason == "do_not_call"
    third = open_lab.campaign(["09123450011"], kind="service")
    open_lab.finish(third)
    assert len(open_lab.attempts(third)) == 1


def test_the_key_takes_effect_on_a_campaign_that_runs_already(open_lab: Lab) -> None:
    write(lambda: gateways.change("embedded", None, wall_ms(), cps=20.0))
    numbers = [f"0912{n:07d}" for n in range(1_000_100, 1_000_400)]
    running = open_lab.campaign([*numbers, "09123450011"], kind="advertising")
    wait_for(lambda: open_lab.counts(running).attempts > 1, "the first calls")
    other = open_lab.campaign(["09123450011"], kind="advertising", weight=1000)
    open_lab.finish(other)
    assert open_lab.counts(running).waiting > 0
    write(lambda: gateways.change("embedded", None, wall_ms(), cps=200.0))
    open_lab.finish(running)
    assert open_lab.recipient(running, "+989123450011").reason == "do_not_call"


def test_the_key_in_a_service_call_bars_that_account_alone(open_lab: Lab) -> None:
    open_lab.finish(open_lab.campaign(["09123450011"], kind="service", optout=True))
    assert read(lambda: do_not_call.count(1)) == 1
    assert read(lambda: do_not_call.count(EVERYBODY)) == 0
    again = open_lab.campaign(["09123450011", "09123450000"], kind="service")
    assert open_lab.finish(again).excluded == 1


def test_a_number_listed_after_the_import_is_excluded_at_the_claim(open_lab: Lab) -> None:
    campaign_id = open_lab.campaign(["09123450000", "09123460000"], start=False)
    write(lambda: suppression.add(1, number("09123450000"), wall_ms()))
    write(lambda: campaigns.start(campaign_id, wall_ms(), open_lab.engine.policy))
    counts = open_lab.finish(campaign_id)
    assert (counts.delivered, counts.excluded, counts.total) == (1, 1, 2)


def test_lists_are_imported_asked_exported_and_taken_off(open_lab: Lab) -> None:
    lines = "number,note\n09123450000,a\n۰۹۱۲۳۴۵۰۰۰۱,b\n09123450000,again\n12,no\n"
    with open_list(io.BytesIO(lines.encode()), filename="dnc.csv") as reader:
        done = suppression.import_list(1, reader, write, 1_700_000_000_000)
    assert (done.added, done.known, dict(done.refused)) == (2, 1, {"too_short": 1})
    assert read(lambda: suppression.is_listed("service", 1, number("09123450001")))
    assert not read(lambda: suppression.is_listed("emergency", 1, number("09123450001")))
    exported = b"".join(csv_chunks(suppression.EXPORTED, suppression.export_rows(1, read)))
    with open_list(io.BytesIO(exported), filename="again.csv") as reader:
        again = suppression.import_list(1, reader, write, 0)
    assert (again.added, again.known) == (0, 2)
    with open_list(
        io.BytesIO(b"09123450001\n09123469999\n"), filename="check.csv", only_numbers=True
    ) as reader:
        assert suppression.check_list(reader, suppression.lists_for("advertising", 1), read) == (1, 1)
    assert write(lambda: suppression.remove(1, number("09123450001"), 0))
    assert not write(lambda: suppression.remove(1, number("09123450001"), 0))


def test_an_unapproved_message_does_not_start_and_a_rejected_one_pauses(open_lab: Lab) -> None:
    message = read(lambda: Message.get_by_id(open_lab.message_id))
    campaign_id = open_lab.campaign(["09123450000"], start=False)

    def wait_again() -> None:
        Message.update(state=MessageState.WAITING).where(Message.id == message.id).execute()

    write(wait_again)
    with pytest.raises(NotApproved, match="waits for approval"):
        write(lambda: campaigns.start(campaign_id, wall_ms(), open_lab.engine.policy))
    write(lambda: approvals.approve(message.id, None, wall_ms()))
    write(lambda: gateways.change("embedded", None, wall_ms(), cps=5.0))
    open_lab.add(campaign_id, [f"0912{n:07d}" for n in range(1_000_100, 1_000_140)])
    write(lambda: campaigns.start(campaign_id, wall_ms(), open_lab.engine.policy))
    assert write(lambda: approvals.reject(message.id, "wrong name", None, wall_ms())) == [campaign_id]
    row = read(lambda: Campaign.get_by_id(campaign_id))
    assert (row.state, row.pause_code) == ("paused", "not_approved")
    assert "wrong name" in row.state_reason
    with pytest.raises(NotApproved, match="wrong name"):
        write(lambda: campaigns.resume(campaign_id, wall_ms(), open_lab.engine.policy))


def test_a_claim_pauses_a_campaign_whose_message_is_not_approved_any_more(open_lab: Lab) -> None:
    campaign_id = open_lab.campaign(["09123450000"], start=False)

    def start_and_spoil() -> None:
        campaigns.start(campaign_id, wall_ms(), open_lab.engine.policy)
        Message.update(state=MessageState.WAITING).where(Message.id == open_lab.message_id).execute()

    write(start_and_spoil)
    wait_for(lambda: open_lab.state(campaign_id) == "paused", "the pause")
    assert open_lab.attempts(campaign_id) == []


def test_staff_approve_by_telephone(open_lab: Lab) -> None:
    account_id = write(customer)
    prompt = read(lambda: Message.get_by_id(open_lab.message_id)).prompt

    def make() -> int:
        Account.update(permissions="").where(Account.id == account_id).execute()
        return int(library.add(account_id, "خوش آمد", prompt, 4000, wall_ms()).id)

    message_id = write(make)
    assert read(lambda: [row.id for row in approvals.waiting()]) == [message_id]
    # 0021 hangs up without a key, 0008 presses 1.
    write(
        lambda: approvals.ask_by_phone(
            message_id, number("09123450008"), None, wall_ms(), open_lab.engine.policy
        )
    )
    open_lab.engine.dialer.wake()
    wait_for(lambda: read(lambda: library.get(message_id)).state == "approved", "the approval")
    with pytest.raises(Conflict):
        write(
            lambda: approvals.ask_by_phone(
                message_id, number("09123450008"), None, wall_ms(), open_lab.engine.policy
            )
        )


def test_closed_destinations_are_not_rung(open_lab: Lab) -> None:
    campaign_id = open_lab.campaign(["09123450000", "09133450000"], start=False)
    write(lambda: traffic_caps.set_destination("98913", False, "test", wall_ms(), None))
    write(lambda: campaigns.start(campaign_id, wall_ms(), open_lab.engine.policy))
    counts = open_lab.finish(campaign_id)
    assert (counts.delivered, counts.excluded) == (1, 1)
    assert open_lab.recipient(campaign_id, "+989133450000").reason == "destination_closed"


def test_windows_that_never_meet_never_open() -> None:
    found = parse_windows("09:00-10:00").within(parse_windows("11:00-12:00"))
    assert found == NEVER


def test_growth_and_cost_are_capped(open_lab: Lab) -> None:
    account_id = write(customer)
    caps = Caps(new_account_calls_an_hour=100, growth_factor=5, rials_a_day=0)
    now = 1_800_000_000_000
    write(lambda: traffic_caps.count_calls(account_id, 99, now))
    read(lambda: traffic_caps.check(account_id, caps, now))
    write(lambda: traffic_caps.count_calls(account_id, 1, now))
    with pytest.raises(CapReached, match="new account"):
        read(lambda: traffic_caps.check(account_id, caps, now))
    hour = traffic_caps.HOUR_MS
    write(lambda: traffic_caps.count_calls(account_id, 400, now + hour))
    write(lambda: traffic_caps.count_calls(account_id, 100, now + hour))
    with pytest.raises(CapReached, match=r"may place 500 .*usual hour has 100"):
        read(lambda: traffic_caps.check(account_id, caps, now + hour))
    write(lambda: traffic_caps.set_caps(account_id, 10_000, 5_000, now, None))
    usage = read(lambda: traffic_caps.usage(account_id, caps, now + hour))
    assert (usage.calls_an_hour, usage.rials_a_day, usage.rials_today) == (10_000, 5_000, 0)
    assert read(lambda: traffic_caps.usage(1, caps, now)).calls_an_hour is None


def test_a_campaign_at_its_cap_pauses_with_the_reason(start_lab: Callable[..., Lab]) -> None:
    lab = start_lab(settings={**ANY_HOUR, "new_account_calls_an_hour": 5})
    account_id = write(customer)
    prompt = read(lambda: Message.get_by_id(lab.message_id)).prompt

    def make() -> int:
        message = library.add(account_id, "x", prompt, 4000, wall_ms())
        rules = CampaignRules(name="sudden", gateways=["embedded"], cps=20.0)
        return campaigns.create(account_id, rules, message.id, wall_ms(), lab.engine.policy)

    campaign_id = write(make)
    lab.add(campaign_id, [f"0912{n:07d}" for n in range(1_000_100, 1_000_160)])
    write(lambda: campaigns.start(campaign_id, wall_ms(), lab.engine.policy))
    wait_for(lambda: lab.state(campaign_id) == "paused", "the pause", 30)
    row = read(lambda: Campaign.get_by_id(campaign_id))
    assert row.pause_code == "capped"
    assert len(lab.attempts(campaign_id)) == 5, "also of a claim that is larger than what is left"
    assert "may place 5" in str(sentence_of(row.state_reason))
    with pytest.raises(CapReached):
        write(lambda: campaigns.resume(campaign_id, wall_ms(), lab.engine.policy))


def test_hours_of_the_kinds(open_lab: Lab) -> None:
    hours = KindHours(parse_windows("09:30-14:00,16:30-22:00"), parse_windows("07:00-23:00"))
    assert str(hours.windows("advertising", parse_windows("08:00-17:00"))) == "09:30-14:00,16:30-17:00"
    assert str(hours.windows("service", parse_windows(""))) == "07:00-23:00"
    assert str(hours.windows("service", parse_windows(""), any_hour=True)) == ""
    assert str(hours.windows("emergency", parse_windows("01:00-02:00"))) == "01:00-02:00"
    with pytest.raises(BadInput, match="outside the hours of advertising"):
        hours.check("advertising", parse_windows("14:00-16:00"))


def test_a_quick_send_out_of_hours_is_refused(start_lab: Callable[..., Lab]) -> None:
    lab = start_lab()
    account_id = write(customer)
    now = wall_ms()
    prompt = read(lambda: Message.get_by_id(lab.message_id)).prompt
    midnight = now - now % 86_400_000 + 86_400_000 - int(3.5 * 3_600_000)  # 00:00 in Tehran
    with pytest.raises(HourNotAllowed, match="07:00"):
        write(
            lambda: quick_sends.send(
                account_id, number("09123450000"), prompt, QuickOptions(), midnight, lab.engine.policy
            )
        )


def test_advertising_takes_the_opt_out_key(open_lab: Lab) -> None:
    campaign_id = open_lab.campaign(["09123450000"], kind="advertising", start=False)
    assert read(lambda: Campaign.get_by_id(campaign_id)).optout
    assert read(lambda: accounts.house()).is_house
