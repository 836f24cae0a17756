"""Tables that several engines share: running engines, shares of gateways, reports on campaigns, runs of jobs."""

from __future__ import annotations

from peewee import BigIntegerField, CharField, CompositeKey, DoubleField, IntegerField, TextField

from engine.store.tables.core import Table


class EngineNode(Table):
    """An engine process, and the switches that it can serve (names separated by blanks)."""

    owner = CharField(100, primary_key=True)
    name = CharField(100)
    wants = TextField()
    seen_at = BigIntegerField()


class GatewayShare(Table):
    """The part of a gateway's limits that an engine may use until `until_at`."""

    gateway_id = BigIntegerField()
    owner = CharField(100)
    permits = IntegerField()
    channels = IntegerField()
    until_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("gateway_id", "owner")


class EnginePulse(Table):
    """One engine's report on a campaign."""

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
    """The run of a job for a period (a month, a day) by one process."""

    name = CharField(60)
    period = CharField(60)
    owner = CharField(100)
    taken_at = BigIntegerField()
    until_at = BigIntegerField()
    done_at = BigIntegerField(null=True)

    class Meta:
        primary_key = CompositeKey("name", "period")
