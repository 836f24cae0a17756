"""How often a switch on another machine said that it has sent all its call records."""

from peewee import *


class RecordMark(Model):
    switch_name = CharField(64, primary_key=True)
    marks = BigIntegerField()
    at = BigIntegerField()

    class Meta:
        legacy_table_names = False


def up(migrator, db):
    with db.bind_ctx([RecordMark]):
        db.create_tables([RecordMark], safe=False)
