"""Tables of call records: how far a file was read, and what switches posted."""

from __future__ import annotations

from peewee import BigAutoField, BigIntegerField, CharField, TextField

from engine.store.tables.core import Table


class RecordCursor(Table):
    """How far the records of a switch have been processed."""

    switch_id = BigIntegerField(primary_key=True)
    inode = BigIntegerField()
    head = TextField()
    position = BigIntegerField()


class CallRecord(Table):
    """A record that a switch on another machine posted."""

    id = BigAutoField()
    switch_name = CharField(64)
    uuid = CharField(36)
    fields = TextField()  # JSON of the columns that the engine reads
    received_at = BigIntegerField()


class RecordMark(Table):
    """How many times a switch on another machine reported that it had sent all its records."""

    switch_name = CharField(64, primary_key=True)
    marks = BigIntegerField()
    at = BigIntegerField()
