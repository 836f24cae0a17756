"""The index that holds that no number is twice in a campaign: what it refuses, and who is found by it."""

from __future__ import annotations

import pytest
from peewee import IntegrityError

from engine.services.campaigns import view
from engine.states import RecipientState
from engine.store.database import db, is_sqlite
from engine.store.numbering import is_number_of
from engine.store.tables.core import Recipient
from engine.store.threads import read, write


def put(campaign_id: int, number: str, line: int, reason: str = "") -> int:
    state = RecipientState.EXCLUDED if reason else RecipientState.PENDING
    row = Recipient.create(campaign_id=campaign_id, line=line, number=number, state=state, reason=reason)
    return int(row.id)


@pytest.mark.parametrize(("line", "reason"), [(0, ""), (7, "duplicate"), (7, "not_a_number")])
def test_a_number_is_once_in_a_campaign(store, line: int, reason: str) -> None:
    write(lambda: put(1, "+989121234567", 3))
    write(lambda: put(2, "+989121234567", 3))
    with pytest.raises(IntegrityError):
        write(lambda: put(1, "+989121234567", 4))
    written = "nobody" if reason == "not_a_number" else "+989121234567"
    write(lambda: put(1, written, line, reason))  # quick sends and lines that are set aside


def test_the_one_to_be_called_is_found_before_those_set_aside(store) -> None:
    write(lambda: put(1, "+989121234567", 2, "duplicate"))
    called = write(lambda: put(1, "+989121234567", 3))
    found = read(lambda: view.of_number(1, "+989121234567"))
    assert found is not None
    assert found[0].id == called
    aside = write(lambda: put(1, "+982188881234", 4, "do_not_call"))
    found = read(lambda: view.of_number(1, "+982188881234"))
    assert found is not None
    assert found[0].id == aside


def test_a_number_is_found_by_the_index(store) -> None:
    def plan() -> str:
        sql, params = Recipient.select().where(is_number_of(1, "+989121234567")).sql()
        if is_sqlite():
            return str(db.execute_sql("EXPLAIN QUERY PLAN " + sql, params).fetchall())
        db.execute_sql("SET enable_seqscan = off")  # whose tables here are small
        found = str(db.execute_sql("EXPLAIN " + sql, params).fetchall())
        db.execute_sql("SET enable_seqscan = on")
        return found

    assert "recipient_once" in read(plan)
