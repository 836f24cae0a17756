"""Call records and how far they were read, findings of the auditor, leases shared by several engines."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class RecordCursor(Table):
    switch_id = BigIntegerField(primary_key=True)
    inode = BigIntegerField()
    head = TextField()
    position = BigIntegerField()


class CallRecord(Table):
    id = BigAutoField()
    switch_name = CharField(64)
    uuid = CharField(36)
    fields = TextField()
    received_at = BigIntegerField()

    class Meta:
        indexes = ((("switch_name", "id"), False), (("received_at",), False))


class AuditFinding(Table):
    kind = CharField(40)
    subject = CharField(80)
    sentence = TextField()
    is_repaired = BooleanField()
    times = IntegerField()
    first_at = BigIntegerField()
    last_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("kind", "subject")


class EngineNode(Table):
    owner = CharField(100, primary_key=True)
    name = CharField(100)
    wants = TextField()
    seen_at = BigIntegerField()


class GatewayShare(Table):
    gateway_id = BigIntegerField()
    owner = CharField(100)
    permits = IntegerField()
    channels = IntegerField()
    until_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("gateway_id", "owner")


class EnginePulse(Table):
    campaign_id = BigIntegerField()
    engine = CharField(100)
    reason = CharField(30)
    details = TextField()
    calls_up = IntegerField()
    calls_per_second = DoubleField()
    at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("campaign_id", "engine")


class JobRun(Table):
    name = CharField(60)
    period = CharField(60)
    owner = CharField(100)
    taken_at = BigIntegerField()
    until_at = BigIntegerField()
    done_at = BigIntegerField(null=True)

    class Meta:
        primary_key = CompositeKey("name", "period")


MODELS = [RecordCursor, CallRecord, AuditFinding, EngineNode, GatewayShare, EnginePulse, JobRun]


def up(migrator, db):
    with db.bind_ctx(MODELS):
        db.create_tables(MODELS, safe=False)
