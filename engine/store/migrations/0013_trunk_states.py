"""How each switch sees each gateway: registered, refused, not there."""

from peewee import *


class TrunkState(Model):
    gateway_id = BigIntegerField()
    switch_id = BigIntegerField()
    state = CharField(20)
    fault = CharField(12)
    since_at = BigIntegerField()
    seen_at = BigIntegerField()

    class Meta:
        legacy_table_names = False
        primary_key = CompositeKey("gateway_id", "switch_id")


def up(migrator, db):
    with db.bind_ctx([TrunkState]):
        db.create_tables([TrunkState], safe=False)
