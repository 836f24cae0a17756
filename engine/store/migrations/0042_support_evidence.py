"""Calls to the support line as evidence: the call that a claim rests on, and each month's figures."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class SupportMonth(Table):
    id = BigAutoField()
    month = CharField(10)
    account_id = BigIntegerField()
    offered = IntegerField()
    answered = IntegerField()
    within_20_s = IntegerField()
    within_80_s = IntegerField()
    abandoned = IntegerField()
    called_back = IntegerField()
    longest_wait_s = IntegerField()
    mean_wait_s = IntegerField()
    noted_at = BigIntegerField()

    class Meta:
        indexes = ((("month", "account_id"), True),)


def up(migrator, db):
    with db.bind_ctx([SupportMonth]):
        db.create_tables([SupportMonth], safe=False)
    db.execute_sql("ALTER TABLE claim_evidence ADD COLUMN call_id BIGINT")
    db.execute_sql("CREATE INDEX claim_evidence_call ON claim_evidence (call_id)")
