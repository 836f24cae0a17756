"""Stated months: unchangeable, reproduced from their evidence, bound by their hash."""

import uuid

import peewee
import pytest

from engine.agreement.calculation import from_evidence
from engine.agreement.line_month import LineMonth
from engine.agreement.statement import statement_csv, statement_sha256
from engine.errors import BadInput
from engine.services.sla import (
    archive,
    availability,
)
from engine.store.sql import execute
from engine.store.tables.sla import Credit, Evidence, Statement
from engine.store.tables.support_line import SupportCall, SupportMonth
from engine.store.threads import read, write
from tests.sla.cast import (
    ABAN,
    AFTER,
    ALL,
    DAY,
    END,
    START,
    close,
    firm,
    on_sqlite,
    outage,
    person,
    told,
)


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


@on_sqlite
def test_evidence_is_kept_once_and_gives_the_statement_again(store):
    firms = [firm(f"firm {n}") for n in range(5)]
    staff = person()
    outage(200, staff)
    close(ALL)
    assert read(lambda: Evidence.select().count()) == 1
    row = read(lambda: archive.of_month(firms[3], ABAN.key)[0])
    head, calculation = read(lambda: archive.reproduce(row))
    assert (head.number, head.account_name, calculation.discount) == (f"1405-08-{firms[3]}", "firm 3", 10)
    assert row.sha256 in statement_csv(head, calculation)
    assert read(lambda: list(archive.verify())) == []


@on_sqlite
def test_the_same_records_give_the_same_hash(store):
    firm()
    staff = person()
    outage(200, staff)
    one = read(lambda: availability.records(ABAN, AFTER))
    later = read(lambda: availability.records(ABAN, AFTER + 90 * DAY))
    assert one.sha256() == later.sha256()
    assert one.book().common.evidence() == later.book().common.evidence()


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


def unfrozen(table):
    """Let a table of statements be changed, as somebody with the database file could."""
    write(lambda: execute(f"DROP TRIGGER {table}_no_update"))


@on_sqlite
def test_a_statement_with_another_name_is_not_reproduced(store):
    sahar, nur = firm("Sahar"), firm("Nur")
    outage(200, person())
    close(ALL)
    unfrozen("statement")
    write(lambda: Statement.update(account_name="Forged").where(Statement.account_id == sahar).execute())
    forged, right = (read(lambda one=one: archive.of_month(one, ABAN.key)[0]) for one in (sahar, nur))
    with pytest.raises(BadInput, match=f"The statement {forged.number} does not agree with its hash"):
        read(lambda: archive.reproduce(forged))
    assert read(lambda: archive.reproduce(right))[0].account_name == "Nur"
    assert [line.split(":")[0] for line in read(lambda: list(archive.verify()))] == [forged.number]
    assert read(lambda: list(archive.verify("1405-07"))) == []
    assert len(read(lambda: list(archive.verify(ABAN.key)))) == 1


@on_sqlite
def test_evidence_that_was_exchanged_is_found_even_with_a_fitting_hash(store):
    sahar = firm("Sahar")
    outage(200, person())
    close(ALL)
    row = read(lambda: archive.of_month(sahar, ABAN.key)[0])
    head, _ = read(lambda: archive.reproduce(row))
    outage(300, person(), START + 5 * DAY)
    close(ALL, AFTER + DAY)
    later = read(lambda: archive.of_month(sahar, ABAN.key)[1])
    content = read(lambda: Evidence.get_by_id(later.evidence_sha256).content)
    fitting = statement_sha256(head, from_evidence(content))
    unfrozen("evidence")
    unfrozen("statement")

    def forge() -> None:
        Evidence.update(content=content).where(Evidence.sha256 == row.evidence_sha256).execute()
        Statement.update(sha256=fitting).where(Statement.id == row.id).execute()

    write(forge)
    forged = read(lambda: archive.get(row.number))
    with pytest.raises(BadInput, match="does not agree with its hash"):
        read(lambda: archive.reproduce(forged))


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
    head, calculation = read(lambda: archive.reproduce(row))
    everybody, own = head.line.everybody, head.line.own
    assert (everybody.offered, everybody.answered, everybody.within_20_s, everybody.abandoned) == (3, 2, 1, 1)
    assert (own.offered, own.answered, own.abandoned, own.longest_wait_s) == (2, 1, 1, 400)
    assert read(lambda: archive.reproduce(other))[0].line == LineMonth(everybody)
    assert statement_csv(head, calculation) == statement_csv(*read(lambda: archive.reproduce(row)))
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


@on_sqlite
def test_a_statement_of_before_has_no_line_and_keeps_its_hash(store):
    sahar = firm("Sahar")
    close(ALL)
    row = read(lambda: archive.of_month(sahar, ABAN.key)[0])
    assert not row.has_line  # nobody called
    assert read(lambda: archive.reproduce(row))[0].line is None
