"""The table of the auditor's findings."""

from __future__ import annotations

from peewee import BigIntegerField, BooleanField, CharField, CompositeKey, IntegerField, TextField

from engine.store.tables.core import Table


class AuditFinding(Table):
    """A finding, and how often it was found."""

    kind = CharField(40)
    subject = CharField(80)
    sentence = TextField()
    is_repaired = BooleanField()
    times = IntegerField()
    first_at = BigIntegerField()
    last_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("kind", "subject")
