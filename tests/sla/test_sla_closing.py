"""Closing a month: which months, which accounts, when it waits; once, whatever happens."""

import pytest

from engine.errors import BadInput
from engine.services.sla import archive, closing, incidents, statements, unknown
from engine.store.tables.core import Account
from engine.store.tables.sla import UnknownTime
from engine.store.threads import read, write
from tests.sla.cast import (
    ABAN,
    AFTER,
    ALL,
    DAY,
    END,
    HOUR,
    MINUTE,
    START,
    balance,
    close,
    firm,
    ledger_sum,
    on_sqlite,
    outage,
    person,
    told,
    watched,
)


def test_a_month_is_closed_once(store):
    sahar, nur, staff = firm("Sahar"), firm("Nur"), person()
    outage(41, staff)
    outage(200, staff, START + 5 * DAY, account_id=nur)
    first = close(ALL)
    assert (first.statements, first.adjustments, first.credits, first.waits) == (2, 0, 1, "")
    assert told(sahar) == [(41, 0, 0)]
    assert told(nur) == [(241, 10, 100_001)]  # 10 % of 1,000,001, rounded up
    assert (balance(sahar), balance(nur), ledger_sum()) == (0, 100_001, 0)
    again = close(ALL, AFTER + DAY)
    assert (again.statements, again.adjustments, again.credits) == (0, 0, 0)
    assert (balance(sahar), balance(nur)) == (0, 100_001)


@on_sqlite
def test_a_firm_that_comes_late_has_its_statement_too(store):
    staff = person()
    firm("Sahar")
    outage(41, staff)
    assert close().statements == 1
    nur = firm("Nur")
    assert close().statements == 1
    assert told(nur) == [(41, 0, None)]


@on_sqlite
def test_a_month_that_runs_is_not_closed(store):
    firm()
    with pytest.raises(BadInput, match="is not over: it can be closed from 1405-09-01 00:00 on"):
        close(now=END - 1)
    assert close(now=END).statements == 1


def test_catching_up_closes_every_month(store):
    sahar, staff = firm(), person()
    outage(200, staff, START - 32 * DAY, now=START)
    outage(300, staff)
    closed = closing.close_all(ALL, END + 40 * DAY, write)
    assert [(each.month, each.statements) for each in closed] == [
        ("1405-06", 0),
        ("1405-07", 1),
        ("1405-08", 1),
        ("1405-09", 1),
    ]
    assert [row.month for row in read(lambda: archive.of_account(sahar))] == ["1405-09", "1405-08", "1405-07"]


@on_sqlite
@pytest.mark.parametrize(("now", "months"), [(END - 1, ["1405-07"]), (END, ["1405-07", "1405-08"])])
def test_the_months_that_are_over_begin_with_the_first_of_which_anything_is_known(store, now, months):
    assert read(lambda: closing.closed_months(now, True)) == []
    watched(START - DAY)
    outage(1, person(), START + DAY)
    assert [month.key for month in read(lambda: closing.closed_months(now, True))] == months


@on_sqlite
@pytest.mark.parametrize("at", [START, END - 1])
def test_the_first_and_the_last_millisecond_of_a_month_belong_to_it(store, at):
    outage(1, person(), at)
    assert [month.key for month in read(lambda: closing.closed_months(END, True))] == [ABAN.key]


def test_unknown_time_waits_for_staff_and_is_told(store):
    sahar, staff = firm(), person()
    watched()
    unknown_id = write(
        lambda: UnknownTime.create(start_at=START + DAY, end_at=START + DAY + 500 * MINUTE, reason="off").id
    )
    assert "wait for staff" in close(ALL).waits
    assert told(sahar) == []
    closed = close(ALL, END + 3 * DAY)
    assert (closed.waits, closed.statements) == ("", 1)
    row = read(lambda: archive.of_month(sahar, ABAN.key)[0])
    assert (row.unknown_s, row.discount, row.discount_if_down) == (500 * 60, 0, 20)
    assert "unknown" in row.note.split()
    write(lambda: unknown.resolve(unknown_id, staff, "down", "the power was off", END + 3 * DAY))
    assert close(ALL, END + 4 * DAY).adjustments == 1
    assert told(sahar)[1] == (500, 20, 200_001)


@on_sqlite
@pytest.mark.parametrize(
    ("now", "wait_days", "at_once", "waits"),
    [
        (END + 3 * DAY - 1, 3, False, True),
        (END + 3 * DAY, 3, False, False),
        (END, 0, False, False),
        (END + DAY - 1, 1, False, True),
        (END, 3, True, False),
    ],
)
def test_a_month_with_unknown_time_waits_so_many_days(store, now, wait_days, at_once, waits):
    firm()
    watched()
    write(lambda: UnknownTime.create(start_at=START + DAY, end_at=START + DAY + 90_000, reason="off"))
    policy = closing.StatementPolicy(wait_days=wait_days)
    closed = closing.close_month(ABAN, policy, now, write, at_once=at_once)
    assert closed.waits == ("90 s of unknown time wait for staff to resolve them" if waits else "")
    assert closed.statements == (0 if waits else 1)


@on_sqlite
def test_a_month_that_was_closed_does_not_wait_again(store):
    sahar = firm()
    watched()
    close()
    write(lambda: UnknownTime.create(start_at=START + DAY, end_at=START + DAY + 90_000, reason="off"))
    closed = close(now=AFTER + HOUR)
    assert (closed.waits, closed.adjustments) == ("", 1)
    assert [row.sequence for row in read(lambda: archive.of_month(sahar, ABAN.key))] == [0, 1]


class Killed(Exception):
    pass


@pytest.mark.parametrize(
    ("store_url", "die_at"),
    [*(("sqlite", step) for step in range(7)), ("postgres", 2)],
    indirect=["store_url"],
)
def test_killed_in_the_middle(store, monkeypatch, die_at):
    monkeypatch.setattr(statements, "CHUNK", 2)
    firms = [firm(f"firm {n}") for n in range(5)]
    staff = person()
    outage(200, staff)
    step = 0

    def dying(work):
        nonlocal step
        step += 1
        if step == die_at + 1:

            def torn():
                work()
                raise Killed  # the transaction is undone, as by a power cut

            return write(torn)
        return write(work)

    with pytest.raises(Killed):
        closing.close_month(ABAN, ALL, AFTER, dying)
    close(ALL)
    close(ALL)
    assert [told(each) for each in firms] == [[(200, 10, 100_001)]] * 5
    assert [balance(each) for each in firms] == [100_001] * 5
    assert ledger_sum() == 0


@on_sqlite
@pytest.mark.parametrize("firms", [1, 2, 3, 4, 5])
def test_accounts_are_closed_chunk_by_chunk_and_none_is_left_out(store, monkeypatch, firms):
    monkeypatch.setattr(statements, "CHUNK", 2)
    ids = [firm(f"firm {n}") for n in range(firms)]
    staff = person()
    outage_id = outage(200, staff)
    assert close(ALL).statements == firms
    longer = {"end_at": START + DAY + 500 * MINUTE}
    write(lambda: incidents.correct(outage_id, staff, "it lasted longer", AFTER, **longer))
    assert close(ALL, AFTER + DAY).adjustments == firms
    for account_id in ids:
        assert told(account_id) == [(200, 10, 100_001), (500, 20, 100_000)]
        numbers = [row.number for row in read(lambda key=account_id: archive.of_month(key, ABAN.key))]
        assert numbers == [f"1405-08-{account_id}", f"1405-08-{account_id}-1"]
    again = close(ALL, AFTER + 2 * DAY)
    assert (again.statements, again.adjustments, again.credits) == (0, 0, 0)


@on_sqlite
@pytest.mark.parametrize(("created_at", "statements_of"), [(END - 1, 1), (END, 0)])
def test_an_account_has_a_statement_of_the_months_in_which_it_was_there(store, created_at, statements_of):
    outage(41, person())
    write(lambda: Account.create(name="late", created_at=created_at))
    assert close().statements == statements_of


def test_months_are_jalali_and_credits_are_for_what_was_claimed_unless_the_settings_say_otherwise():
    policy = closing.StatementPolicy()
    assert (policy.jalali, policy.credits, policy.wait_days) == (True, "claimed", 3)
