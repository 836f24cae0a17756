"""Closing a month: one statement and one credit, whatever happens."""

import json
import os
import subprocess
import sys
import textwrap
import uuid

import peewee
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.agreement.line_month import LineMonth
from engine.agreement.statement import statement_csv
from engine.errors import BadInput
from engine.services.sla import archive, availability, credits, exclusions, incidents, statements, unknown
from engine.store import ledger
from engine.store.sql import execute
from engine.store.tables.core import Account
from engine.store.tables.sla import Credit, Evidence, OutageRecord, Statement, UnknownTime
from engine.store.tables.support_line import SupportCall, SupportMonth
from engine.store.threads import read, write
from tests.sla.cast import (
    ABAN,
    AFTER,
    ALL,
    CLAIMED,
    DAY,
    END,
    HOUR,
    MINUTE,
    PRICE,
    START,
    close,
    firm,
    outage,
    person,
    told,
    watched,
)


def balance(account_id):
    return read(lambda: ledger.balance_of(account_id))


def ledger_sum():
    return read(lambda: execute("SELECT COALESCE(SUM(amount), 0) FROM ledger_entry")[0][0])


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


def test_a_firm_that_comes_late_has_its_statement_too(store):
    staff = person()
    firm("Sahar")
    outage(41, staff)
    assert close().statements == 1
    nur = firm("Nur")
    assert close().statements == 1
    assert told(nur) == [(41, 0, None)]


def test_a_month_that_runs_is_not_closed(store):
    firm()
    with pytest.raises(BadInput, match="is not over: it can be closed from 1405-09-01 00:00 on"):
        close(now=END - 1)
    assert close(now=END).statements == 1


def test_statements_and_evidence_cannot_be_changed(store):
    sahar, staff = firm(), person()
    outage(200, staff)
    close(ALL)
    for change in (
        lambda: Statement.update(discount=40).execute(),
        lambda: Statement.delete().execute(),
        lambda: Evidence.update(content="{}").execute(),
        lambda: Credit.update(rials=1).execute(),
        lambda: Credit.delete().where(Credit.account_id == sahar).execute(),
    ):
        with pytest.raises(peewee.DatabaseError, match="only ever inserted"):
            write(change)
    assert told(sahar) == [(200, 10, 100_001)]


def test_evidence_is_kept_once_and_gives_the_statement_again(store):
    firms = [firm(f"firm {n}") for n in range(5)]
    staff = person()
    outage(200, staff)
    close(ALL)
    assert read(lambda: Evidence.select().count()) == 1
    row = read(lambda: archive.of_month(firms[3], ABAN.key)[0])
    head, reckoning = read(lambda: archive.reproduce(row))
    assert (head.number, head.account_name, reckoning.discount) == (f"1405-08-{firms[3]}", "firm 3", 10)
    assert row.sha256 in statement_csv(head, reckoning)
    assert read(lambda: list(archive.verify())) == []


def called(account_id, joined_at, waited_s, state):
    """A call to the support line, in support hours."""
    write(
        lambda: SupportCall.create(
            uuid=str(uuid.uuid4()), switch_id=1, core_uuid="c", queue="support", number="+989121234567", account_id=account_id,
            came_at=joined_at, joined_at=joined_at, in_hours=True, state=state, ended_at=joined_at + 400_000,
            answered_at=joined_at + waited_s * 1000 if state == "answered" else None,
        )
    )  # fmt: skip


def test_statements_state_the_support_line_and_their_hash_binds_it(store):
    sahar, nur, staff = firm("Sahar"), firm("Nur"), person()
    called(sahar, START + DAY, 15, "answered")
    called(sahar, START + 2 * DAY, 0, "abandoned")
    called(None, START + 3 * DAY, 30, "answered")
    called(sahar, END + DAY, 0, "abandoned")  # the next month's
    outage(41, staff)
    close(ALL)
    (row,), (other,) = (read(lambda one=one: archive.of_month(one, ABAN.key)) for one in (sahar, nur))
    head, reckoning = read(lambda: archive.reproduce(row))
    everybody, own = head.line.everybody, head.line.own
    assert (everybody.offered, everybody.answered, everybody.within_20_s, everybody.abandoned) == (3, 2, 1, 1)
    assert (own.offered, own.answered, own.abandoned, own.longest_wait_s) == (2, 1, 1, 400)
    assert read(lambda: archive.reproduce(other))[0].line == LineMonth(everybody)
    assert statement_csv(head, reckoning) == statement_csv(*read(lambda: archive.reproduce(row)))
    # What comes to light later changes no statement; an adjustment states the same figures.
    called(sahar, START + 4 * DAY, 0, "abandoned")
    outage(200, staff, START + 5 * DAY)
    assert close(ALL, AFTER + DAY).adjustments == 2
    rows = read(lambda: archive.of_month(sahar, ABAN.key))
    assert [read(lambda each=each: archive.reproduce(each))[0].line for each in rows] == [head.line] * 2
    assert read(lambda: list(archive.verify())) == []
    with pytest.raises(peewee.DatabaseError, match="only ever inserted"):
        write(lambda: SupportMonth.update(abandoned=0).execute())
    trigger = "support_month_no_update" if "sqlite" in str(store_kind()) else "support_month_frozen"
    on = "" if trigger == "support_month_no_update" else " ON support_month"
    write(lambda: execute(f"DROP TRIGGER {trigger}{on}"))
    write(lambda: SupportMonth.update(abandoned=0).where(SupportMonth.account_id == sahar).execute())
    assert {line.split(":")[0] for line in read(lambda: list(archive.verify()))} == {r.number for r in rows}


def test_a_statement_of_before_has_no_line_and_keeps_its_hash(store):
    sahar = firm("Sahar")
    close(ALL)
    row = read(lambda: archive.of_month(sahar, ABAN.key)[0])
    assert not row.has_line  # nobody called
    assert read(lambda: archive.reproduce(row))[0].line is None


def test_verify_finds_what_was_forged(store):
    sahar, staff = firm(), person()
    outage(200, staff)
    close(ALL)
    trigger = "statement_no_update" if "sqlite" in str(store_kind()) else "statement_frozen"
    on = "" if trigger == "statement_no_update" else " ON statement"
    write(lambda: execute(f"DROP TRIGGER {trigger}{on}"))
    write(lambda: Statement.update(discount=40).where(Statement.account_id == sahar).execute())
    assert any(
        "discount is 40, the evidence gives 10" in line for line in read(lambda: list(archive.verify()))
    )


def store_kind():
    from engine.store import database

    return "sqlite" if database.is_sqlite() else "postgres"


def test_the_same_records_give_the_same_hash(store):
    firm()
    staff = person()
    outage(200, staff)
    one = read(lambda: availability.records(ABAN, AFTER))
    later = read(lambda: availability.records(ABAN, AFTER + 90 * DAY))
    assert one.sha256() == later.sha256()
    assert one.book().common.evidence() == later.book().common.evidence()


def test_a_correction_makes_an_adjustment_of_the_difference(store):
    sahar, staff = firm(), person()
    outage_id = outage(200, staff)
    close(ALL)
    write(
        lambda: incidents.correct(
            outage_id, staff, "it lasted longer", AFTER, end_at=START + DAY + 500 * MINUTE
        )
    )
    assert close(ALL, AFTER + DAY).adjustments == 1
    assert told(sahar) == [(200, 10, 100_001), (500, 20, 100_000)]  # 200,001 in all
    assert balance(sahar) == 200_001
    write(lambda: incidents.correct(outage_id, staff, "it was our test", AFTER, is_void=True))
    assert close(ALL, AFTER + DAY).adjustments == 1
    assert told(sahar)[2] == (0, 0, -200_001)
    assert (balance(sahar), ledger_sum()) == (0, 0)
    rows = read(lambda: archive.of_month(sahar, ABAN.key))
    assert [row.adjusts for row in rows] == ["", rows[0].number, rows[1].number]
    assert read(lambda: list(archive.verify())) == []


def test_a_correction_that_changes_no_figure_adjusts_nothing(store):
    firm()
    staff = person()
    outage_id = outage(200, staff)
    outage(200, staff)
    close(ALL)
    write(lambda: incidents.correct(outage_id, staff, "entered twice", AFTER, is_void=True))
    assert close(ALL).adjustments == 0


def test_an_outage_that_runs_over_the_edge_belongs_to_both_months(store):
    sahar, staff = firm(), person()
    write(lambda: incidents.enter(staff, END - 100 * MINUTE, None, "still down", AFTER))
    close(ALL)
    assert told(sahar) == [(100, 0, 0)]
    row = read(lambda: OutageRecord.select().first())
    write(lambda: incidents.correct(row.id, staff, "over", AFTER + HOUR, end_at=AFTER + HOUR))
    assert close(ALL, AFTER + 2 * HOUR).adjustments == 0


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


def test_exclusions_of_one_account(store):
    sahar, nur, staff = firm("Sahar"), firm("Nur"), person()
    outage(200, staff)
    write(
        lambda: exclusions.add(
            staff, "unpaid", START, START + 2 * DAY, "the bill of Mehr", AFTER, account_id=nur
        )
    )
    close(ALL)
    assert (told(sahar)[0][:2], told(nur)[0][:2]) == ((200, 10), (0, 0))


def test_without_a_subscription_there_is_nothing_to_discount(store):
    sahar, staff = firm(price=None), person()
    outage(200, staff)
    close(ALL)
    assert told(sahar) == [(200, 10, 0)]
    assert read(lambda: archive.of_month(sahar, ABAN.key)[0]).note == "no_subscription"
    assert read(lambda: credits.of_account(sahar)) == []


def test_the_price_is_that_of_the_next_month(store):
    sahar = firm()
    assert read(lambda: credits.prices([sahar], ABAN)) == {sahar: PRICE}
    assert read(lambda: credits.prices([sahar], ABAN.next().next().next())) == {}  # it ended before


def test_catching_up_closes_every_month(store):
    sahar, staff = firm(), person()
    outage(200, staff, START - 32 * DAY, now=START)
    outage(300, staff)
    closed = statements.close_all(ALL, END + 40 * DAY, write)
    assert [(each.month, each.statements) for each in closed] == [
        ("1405-06", 0),
        ("1405-07", 1),
        ("1405-08", 1),
        ("1405-09", 1),
    ]
    assert [row.month for row in read(lambda: archive.of_account(sahar))] == ["1405-09", "1405-08", "1405-07"]


class Killed(Exception):
    pass


@pytest.mark.parametrize("die_at", range(7))
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
        statements.close_month(ABAN, ALL, AFTER, dying)
    close(ALL)
    close(ALL)
    assert [told(each) for each in firms] == [[(200, 10, 100_001)]] * 5
    assert [balance(each) for each in firms] == [100_001] * 5
    assert ledger_sum() == 0


CLOSER = textwrap.dedent(
    """
    import engine.patch
    import sys, json
    from engine.agreement.months import Month
    from engine.services.sla import statements
    from engine.store import database
    from engine.store.threads import write
    database.open_database(sys.argv[1])
    statements.CHUNK = 7
    print("ready", flush=True)
    sys.stdin.readline()
    closed = statements.close_month(
        Month.parse("1405-08"), statements.StatementPolicy(credits="all"), int(sys.argv[2]), write
    )
    print(json.dumps([closed.statements, closed.credits]))
    """
)


def test_two_processes_at_once(store, store_url):
    firms = [firm(f"firm {n}") for n in range(30)]
    staff = person()
    outage(200, staff)
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", CLOSER, store_url, str(AFTER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.getcwd()},
        )
        for _ in range(2)
    ]
    for run in runs:
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        run.stdin.write("\n")
        run.stdin.flush()
    written = [json.loads(run.communicate(timeout=60)[0]) for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert sum(each[0] for each in written) == 30
    assert sum(each[1] for each in written) == 30
    assert [told(each) for each in firms] == [[(200, 10, 100_001)]] * 30
    assert [balance(each) for each in firms] == [100_001] * 30
    assert ledger_sum() == 0
    assert close(ALL).statements == 0


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lengths=st.lists(st.sampled_from([0, 41, 181, 433, 865, 1297]), min_size=1, max_size=5),
    closes=st.lists(st.integers(1, 3), min_size=5, max_size=5),
)
def test_the_money_is_always_that_of_the_last_figures(store, lengths, closes):
    """However an outage is corrected and however often the job runs: credits sum to the discount of the last figures."""
    sahar, staff = firm(), person()
    outage_id = outage(200, staff, account_id=sahar)
    for length, times in zip(lengths, closes, strict=False):
        row = read(lambda: incidents.get(outage_id))
        new = (
            {"is_void": True} if length == 0 else {"is_void": False, "end_at": START + DAY + length * MINUTE}
        )
        if any(getattr(row, name) != value for name, value in new.items()):
            write(lambda new=new: incidents.correct(outage_id, staff, "seen again", AFTER, **new))
        for _ in range(times):
            close(ALL)
        discount = told(sahar)[-1][1]
        assert discount == {0: 0, 41: 0, 181: 10, 433: 20, 865: 30, 1297: 40}[length]
        expected = credits.amount(PRICE, discount)
        assert sum(rials for _, _, rials in told(sahar)) == balance(sahar) == expected
    assert ledger_sum() == 0


def test_claimed_is_the_default_and_gives_nothing_by_itself(store):
    sahar, staff = firm(), person()
    outage(200, staff)
    close(CLAIMED)
    assert told(sahar) == [(200, 10, None)]
    assert read(lambda: archive.of_month(sahar, ABAN.key)[0]).note == "claim"
    assert balance(sahar) == 0


# -- the closing in figures: what differs between the databases is tried above ----------------

on_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


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
    policy = statements.StatementPolicy(wait_days=wait_days)
    closed = statements.close_month(ABAN, policy, now, write, at_once=at_once)
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


@on_sqlite
@pytest.mark.parametrize(("now", "months"), [(END - 1, ["1405-07"]), (END, ["1405-07", "1405-08"])])
def test_the_months_that_are_over_begin_with_the_first_of_which_anything_is_known(store, now, months):
    assert read(lambda: statements.closed_months(now, True)) == []
    watched(START - DAY)
    outage(1, person(), START + DAY)
    assert [month.key for month in read(lambda: statements.closed_months(now, True))] == months


@on_sqlite
def test_what_a_statement_says_besides_its_figures(store):
    sahar, staff = firm(), person()
    watched()
    write(lambda: UnknownTime.create(start_at=START, end_at=START + 60_000, reason="off"))
    poor = firm("Nur", price=None)
    outage(200, staff)
    close(CLAIMED, AFTER + 4 * DAY + 999)
    rows = {each: read(lambda each=each: archive.of_month(each, ABAN.key)[0]) for each in (sahar, poor)}
    assert rows[sahar].note == "claim unknown"
    assert rows[poor].note == "claim no_subscription unknown"
    assert (rows[sahar].subscription_rials, rows[poor].subscription_rials) == (PRICE, None)
    row = rows[sahar]
    assert (row.number, row.adjusts, row.sequence, row.account_name) == (f"1405-08-{sahar}", "", 0, "Sahar")
    assert row.issued_at == AFTER + 4 * DAY, "whole seconds"
    assert (row.month_s, row.downtime_s, row.counted_s, row.unknown_s) == (30 * 86_400, 12_000, 12_000, 60)


def test_months_are_jalali_and_credits_are_for_what_was_claimed_unless_the_settings_say_otherwise():
    policy = statements.StatementPolicy()
    assert (policy.jalali, policy.credits, policy.wait_days) == (True, "claimed", 3)


@on_sqlite
def test_pages_of_statements(store):
    ids = [firm(f"firm {n}") for n in range(3)]
    outage(41, person())
    close()
    pages = [
        [row.account_id for row in read(lambda month=month, limit=limit: statements.page(month, None, limit))]
        for month, limit in (("", 2), (ABAN.key, 9), ("1405-07", 9))
    ]
    assert pages == [ids[:0:-1], ids[::-1], []]
