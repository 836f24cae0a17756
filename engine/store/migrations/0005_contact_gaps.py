"""The smallest gap between two calls to one number, and how many a day it gets."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class Contact(Table):
    account_id = BigIntegerField()
    number = TextField()
    last_at = BigIntegerField()
    previous_at = BigIntegerField(null=True)
    day = IntegerField()
    calls = IntegerField()

    class Meta:
        primary_key = CompositeKey("account_id", "number")


def up(migrator, db):
    migrator.migrate(
        migrator.add_column("account", "min_gap_s", IntegerField(default=0)),
        migrator.add_column("account", "max_calls_a_day", IntegerField(default=0)),
    )
    Contact._meta.without_rowid = db.param == "?"  # SQLite's word alone
    with db.bind_ctx([Contact]):
        db.create_tables([Contact], safe=False)
