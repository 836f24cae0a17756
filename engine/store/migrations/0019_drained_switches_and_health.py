"""Switches that are drained, and how each engine finds the gateways."""

from peewee import *


class GatewayHealthSeen(Model):
    gateway_id = BigIntegerField()
    engine = CharField(100)
    state = CharField(10)
    factor = DoubleField()
    cps = DoubleField()
    fault_share = DoubleField()
    reopens_at = BigIntegerField(null=True)
    since_at = BigIntegerField()
    at = BigIntegerField()

    class Meta:
        legacy_table_names = False
        primary_key = CompositeKey("gateway_id", "engine")


def up(migrator, db):
    migrator.migrate(migrator.add_column("switch", "is_draining", BooleanField(default=False)))
    with db.bind_ctx([GatewayHealthSeen]):
        db.create_tables([GatewayHealthSeen], safe=False)
