"""Lists on their way into campaigns."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class ListImport(Table):
    id = BigAutoField()
    campaign_id = BigIntegerField(index=True)
    person_id = BigIntegerField()
    token = CharField(80, unique=True)
    source_name = CharField(255)
    number_column = CharField(64)
    expected = IntegerField()
    starts = BooleanField()
    state = CharField(10)
    chunks = IntegerField()
    added = IntegerField()
    refused = TextField()
    sentence = TextField()
    created_at = BigIntegerField()
    began_at = BigIntegerField(null=True)
    finished_at = BigIntegerField(null=True)


def up(migrator, db):
    with db.bind_ctx([ListImport]):
        db.create_tables([ListImport], safe=False)
    db.execute_sql("CREATE INDEX list_import_open ON list_import (id) WHERE state IN ('waiting', 'running')")
