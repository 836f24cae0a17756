"""The support line: agents, calls, call-backs, voice tickets, recordings, settings."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class SupportAgent(Table):
    id = BigAutoField()
    person_id = BigIntegerField(unique=True)
    name = CharField(100)
    extension = CharField(8, unique=True)
    a1_hash = CharField(32, default="")
    outside_number = CharField(20, default="")
    wrap_up_s = IntegerField(default=15)
    state = CharField(12, default="signed_out")
    reason = CharField(20, default="")
    state_since_at = BigIntegerField(default=0)
    signed_in_at = BigIntegerField(null=True)
    is_active = BooleanField(default=True)
    seen = CharField(20, default="")
    seen_at = BigIntegerField(default=0)
    created_at = BigIntegerField()


class AgentStep(Table):
    id = BigAutoField()
    agent_id = BigIntegerField()
    at = BigIntegerField()
    state = CharField(12)
    reason = CharField(20, default="")
    author_id = BigIntegerField(null=True)

    class Meta:
        indexes = ((("agent_id", "at"), False), (("at",), False))


class SupportCall(Table):
    id = BigAutoField()
    uuid = CharField(36, unique=True)
    switch_id = BigIntegerField()
    core_uuid = CharField(36, default="")
    queue = CharField(32)
    number = CharField(20, default="")
    account_id = BigIntegerField(null=True)
    language = CharField(5, default="fa")
    state = CharField(12, default="arrived")
    in_hours = BooleanField(default=True)
    came_at = BigIntegerField()
    joined_at = BigIntegerField(null=True)
    place_at = BigIntegerField(null=True)
    asked_at = BigIntegerField(null=True)
    answered_at = BigIntegerField(null=True)
    agent_id = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
    call_back_id = BigIntegerField(null=True)
    ticket_id = BigIntegerField(null=True)
    notes = TextField(default="")
    noted_by = BigIntegerField(null=True)

    class Meta:
        indexes = (
            (("state", "place_at"), False),
            (("joined_at",), False),
            (("number", "came_at"), False),
            (("account_id", "came_at"), False),
            (("agent_id", "answered_at"), False),
        )


class CallBack(Table):
    id = BigAutoField()
    queue = CharField(32)
    number = CharField(20)
    account_id = BigIntegerField(null=True)
    language = CharField(5, default="fa")
    call_id = BigIntegerField(null=True)
    place_at = BigIntegerField()
    asked_at = BigIntegerField()
    promised_s = IntegerField(null=True)
    state = CharField(12, default="waiting")
    reason = CharField(20, default="")
    tries = IntegerField(default=0)
    next_at = BigIntegerField()
    first_rung_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
    agent_id = BigIntegerField(null=True)
    ticket_id = BigIntegerField(null=True)
    notes = TextField(default="")

    class Meta:
        indexes = (
            (("state", "next_at"), False),
            (("account_id", "asked_at"), False),
            (("asked_at",), False),
        )


class CallBackTry(Table):
    id = BigAutoField()
    uuid = CharField(36, unique=True)
    caller_uuid = CharField(36, unique=True)
    call_back_id = BigIntegerField(index=True)
    agent_id = BigIntegerField()
    switch_id = BigIntegerField()
    core_uuid = CharField(36)
    begun_at = BigIntegerField()
    rung_at = BigIntegerField(null=True)
    talked_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
    end = CharField(20, default="")


class VoiceTicket(Table):
    id = BigAutoField()
    uuid = CharField(36, unique=True)
    kind = CharField(12)
    call_id = BigIntegerField(null=True)
    account_id = BigIntegerField(null=True)
    number = CharField(20, default="")
    duration_ms = IntegerField(default=0)
    made_at = BigIntegerField()
    ticket_id = BigIntegerField(null=True)


class SupportRecording(Table):
    id = BigAutoField()
    uuid = CharField(36, unique=True)
    call_id = BigIntegerField(index=True)
    begun_at = BigIntegerField()
    duration_ms = IntegerField(default=0)
    removed_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("removed_at", "begun_at"), False),)


class SupportSetting(Table):
    name = CharField(40, primary_key=True)
    value = TextField()
    changed_at = BigIntegerField()
    changed_by = BigIntegerField(null=True)


TABLES = [
    SupportAgent,
    AgentStep,
    SupportCall,
    CallBack,
    CallBackTry,
    VoiceTicket,
    SupportRecording,
    SupportSetting,
]
INDEXES = [
    # A second request of a number updates the first, and a try in flight keeps others away: also between engines.
    "CREATE UNIQUE INDEX call_back_open ON call_back (queue, number) WHERE state IN ('waiting', 'taken')",
    "CREATE UNIQUE INDEX call_back_try_agent ON call_back_try (agent_id) WHERE ended_at IS NULL",
    "CREATE UNIQUE INDEX call_back_try_live ON call_back_try (call_back_id) WHERE ended_at IS NULL",
]


def up(migrator, db):
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES, safe=False)
    for statement in INDEXES:
        db.execute_sql(statement)
