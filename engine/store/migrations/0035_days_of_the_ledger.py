"""The sums of each campaign's bookings of a day, for statements; and bookings that are no campaign's."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class LedgerDay(Table):
    account_id = BigIntegerField()
    day = IntegerField()
    campaign_id = BigIntegerField()
    balance = BigIntegerField()
    reserved = BigIntegerField()
    spent = BigIntegerField()
    bookings = IntegerField()
    last_txn_id = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("account_id", "day", "campaign_id")


STATEMENTS = [
    "INSERT INTO ledger_day (account_id, day, campaign_id, balance, reserved, spent, bookings, last_txn_id)"
    " SELECT t.account_id, (t.at + 12600000) / 86400000, t.campaign_id,"
    " SUM(CASE WHEN e.book = 'balance' THEN e.amount ELSE 0 END),"
    " SUM(CASE WHEN e.book = 'reserved' THEN e.amount ELSE 0 END),"
    " SUM(CASE WHEN e.book = 'revenue' THEN e.amount ELSE 0 END), COUNT(DISTINCT t.id), MAX(t.id)"
    " FROM ledger_txn t JOIN ledger_entry e ON e.txn_id = t.id WHERE t.campaign_id IS NOT NULL GROUP BY 1, 2, 3",
    "CREATE INDEX ledger_txn_single ON ledger_txn (account_id, id) WHERE campaign_id IS NULL",
]


def up(migrator, db):
    with db.bind_ctx([LedgerDay]):
        db.create_tables([LedgerDay], safe=False)
    for statement in STATEMENTS:
        db.execute_sql(statement)
