"""What a statement and its adjustments say, and the money that follows."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import NotFound
from engine.services.sla import (
    archive,
    closing,
    credits,
    exclusions,
    incidents,
)
from engine.store.tables.sla import OutageRecord, UnknownTime
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


@on_sqlite
def test_claimed_is_the_default_and_gives_nothing_by_itself(store):
    sahar, staff = firm(), person()
    outage(200, staff)
    close(CLAIMED)
    assert told(sahar) == [(200, 10, None)]
    assert read(lambda: archive.of_month(sahar, ABAN.key)[0]).note == "claim"
    assert balance(sahar) == 0


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


@on_sqlite
def test_without_a_subscription_there_is_nothing_to_discount(store):
    sahar, staff = firm(price=None), person()
    outage(200, staff)
    close(ALL)
    assert told(sahar) == [(200, 10, 0)]
    assert read(lambda: archive.of_month(sahar, ABAN.key)[0]).note == "no_subscription"
    assert read(lambda: credits.of_account(sahar)) == []


@on_sqlite
def test_the_price_is_that_of_the_next_month(store):
    sahar = firm()
    assert read(lambda: credits.prices([sahar], ABAN)) == {sahar: PRICE}
    assert read(lambda: credits.prices([sahar], ABAN.next().next().next())) == {}  # it ended before


@on_sqlite
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


@on_sqlite
def test_an_outage_that_runs_over_the_edge_belongs_to_both_months(store):
    sahar, staff = firm(), person()
    write(lambda: incidents.enter(staff, END - 100 * MINUTE, None, "still down", AFTER))
    close(ALL)
    assert told(sahar) == [(100, 0, 0)]
    row = read(lambda: OutageRecord.select().first())
    write(lambda: incidents.correct(row.id, staff, "over", AFTER + HOUR, end_at=AFTER + HOUR))
    assert close(ALL, AFTER + 2 * HOUR).adjustments == 0


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


@on_sqlite
def test_a_correction_that_changes_no_figure_adjusts_nothing(store):
    firm()
    staff = person()
    outage_id = outage(200, staff)
    outage(200, staff)
    close(ALL)
    write(lambda: incidents.correct(outage_id, staff, "entered twice", AFTER, is_void=True))
    assert close(ALL).adjustments == 0


@on_sqlite
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


@on_sqlite
def test_pages_of_statements(store):
    ids = [firm(f"firm {n}") for n in range(3)]
    outage(41, person(), START - 32 * DAY, now=START)
    closing.close_all(CLAIMED, AFTER, write)

    def page(month, before, limit):
        rows = read(lambda: archive.page(month, before, limit))
        assert [row.id for row in rows] == sorted((row.id for row in rows), reverse=True)
        return [(row.month, row.account_id) for row in rows]

    aban = [(ABAN.key, each) for each in reversed(ids)]
    mehr = [("1405-07", each) for each in reversed(ids)]
    assert page("", None, 9) == aban + mehr
    assert page("", None, 2) == aban[:2]
    assert page(ABAN.key, None, 9) == aban
    assert page("1405-07", None, 9) == mehr
    assert page("1405-06", None, 9) == []
    second = read(lambda: archive.get(f"{ABAN.key}-{ids[1]}"))
    assert page("", second.id, 9) == aban[2:] + mehr
    assert page(ABAN.key, second.id, 9) == aban[2:]


@on_sqlite
def test_a_statement_is_found_by_its_number_and_by_its_own_account_only(store):
    sahar, nur = firm("Sahar"), firm("Nur")
    outage(41, person())
    close()
    number = f"{ABAN.key}-{sahar}"
    assert read(lambda: archive.get(number)).account_id == sahar
    assert read(lambda: archive.get(number, sahar)).account_id == sahar
    for wanted, account_id in ((number, nur), (f"{ABAN.key}-99", None), (f"{ABAN.key}-99", sahar)):
        with pytest.raises(NotFound, match=f"There is no statement {wanted}"):
            read(lambda wanted=wanted, account_id=account_id: archive.get(wanted, account_id))
