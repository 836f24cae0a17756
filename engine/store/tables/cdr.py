"""Tables of CDRs: how far a file was read, and the CDRs that switches posted."""

from __future__ import annotations

from peewee import BigAutoField, BigIntegerField, CharField, TextField

from engine.store.tables.core import Table


class RecordCursor(Table):
    """How far the CDRs of a switch have been processed."""

    switch_id = BigIntegerField(primary_key=True)
    inode = BigIntegerField()
    head = TextField()
    position = BigIntegerField()


class CallRecord(Table):
    """A CDR that a switch on another machine posted."""

    id = BigAutoField()
    switch_name = CharField(64)
    uuid = CharField(36)
    fields = TextField()  # JSON of the columns that the engine reads
    received_at = BigIntegerField()


class RecordMark(Table):
    """How many times a switch on another machine has reported that all its CDRs were sent."""

    switch_name = CharField(64, primary_key=True)
    marks = BigIntegerField()
    at = BigIntegerField()
