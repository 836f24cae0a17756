"""Single rows by statements that are put together once: the same rows as the query builder's."""

from __future__ import annotations

import pytest

from engine.store.rows import put, row_of
from engine.store.tables.core import Account, Campaign, Recipient
from engine.store.tables.sends import QuickSend
from engine.store.threads import write


def test_a_row_is_that_of_get_or_none(store: object) -> None:
    def work() -> None:
        made = Account.create(name="شرکت", created_at=5, is_house=True, expires_at=7)
        found = row_of(Account, id=made.id)
        assert found is not None
        assert found.__data__ == Account.get_by_id(made.id).__data__
        assert found.is_house is True
        assert not found.dirty_fields
        campaign = Campaign.create(account=made, name="c", created_at=1)
        row = row_of(Campaign, account=made.id, name="c")
        assert row is not None
        assert (row.id, row.account_id, row.account.name) == (campaign.id, made.id, "شرکت")
        assert row_of(Account, id=made.id, is_house=False) is None
        assert row_of(Account, name="'; DROP TABLE account") is None
        with pytest.raises(KeyError):
            row_of(Account, nothing=1)

    write(work)


def test_a_row_that_is_put_is_that_of_create(store: object) -> None:
    def work() -> None:
        values = {"campaign_id": 1, "line": 0, "number": "+98912", "is_mobile": True, "state": "pending"}
        first, second = put(Recipient, **values), Recipient.create(**values).id
        rows = [dict(Recipient.get_by_id(each).__data__) for each in (first, second)]
        assert [row.pop("id") for row in rows] == [first, second]
        assert rows[0] == rows[1]
        assert put(QuickSend, recipient_id=9, account_id=1, number=2, created_at=3) == 9

    write(work)
