"""The first tables: accounts, people, messages, gateways, switches, campaigns, recipients, attempts."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class Account(Table):
    id = BigAutoField()
    name = CharField(200)
    created_at = BigIntegerField()


class User(Table):
    id = BigAutoField()
    account = ForeignKeyField(Account, null=True, backref="users", on_delete="RESTRICT")
    username = CharField(100, unique=True)
    password_hash = TextField()
    role = CharField(30)
    is_active = BooleanField(default=True)
    language = CharField(5, default="fa")
    calendar = CharField(10, default="jalali")
    created_at = BigIntegerField()
    last_login_at = BigIntegerField(null=True)

    class Meta:
        table_name = "person"


class Message(Table):
    id = BigAutoField()
    account = ForeignKeyField(Account, backref="messages", on_delete="RESTRICT")
    title = CharField(200)
    prompt = CharField(64)
    duration_ms = IntegerField()
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("account", "prompt"), False),)


class Gateway(Table):
    id = BigAutoField()
    name = CharField(64, unique=True)
    cps = DoubleField()
    channels = IntegerField()
    prefixes = TextField(default="")
    priority = IntegerField(default=0)
    weight = IntegerField(default=1)
    caller_id = CharField(20, default="")
    packet_ms = IntegerField(default=20)
    cost_rials_a_minute = BigIntegerField(default=0)
    is_draining = BooleanField(default=False)
    switch_name = CharField(64, default="")
    created_at = BigIntegerField()


class Switch(Table):
    id = BigAutoField()
    name = CharField(64, unique=True)
    address = CharField(200)
    is_embedded = BooleanField(default=False)
    state = CharField(10, default="down")
    state_reason = TextField(default="")
    state_since_at = BigIntegerField(null=True)
    core_uuid = CharField(36, default="")
    sessions = IntegerField(default=0)
    max_sessions = IntegerField(default=0)
    sessions_per_second = IntegerField(default=0)
    idle_cpu = DoubleField(null=True)
    seen_at = BigIntegerField(null=True)
    owner = CharField(100, default="")
    leased_until_at = BigIntegerField(default=0)


class Campaign(Table):
    id = BigAutoField()
    account = ForeignKeyField(Account, backref="campaigns", on_delete="RESTRICT")
    name = CharField(200)
    state = CharField(12, default="draft")
    state_reason = TextField(default="")
    kind = CharField(12, default="service")
    message = ForeignKeyField(Message, null=True, on_delete="RESTRICT")
    priority = IntegerField(default=0)
    weight = IntegerField(default=1)
    cps = DoubleField(null=True)
    channels = IntegerField(null=True)
    max_tries = IntegerField(default=1)
    retry_after_s = IntegerField(default=600)
    ring_timeout_s = IntegerField(default=30)
    max_length_s = IntegerField(default=120)
    windows = TextField(default="")
    caller_id = CharField(20, default="")
    vote_keys = CharField(10, default="")
    repeat_key = CharField(1, default="")
    optout = BooleanField(default=False)
    delivered_share = DoubleField(default=1.0)
    gateways = TextField(default="")
    unknown_policy = CharField(12, default="leave")
    columns = TextField(default="[]")
    source_name = CharField(255, default="")
    standing_key = CharField(100, default="")
    starts_at = BigIntegerField(null=True)
    created_at = BigIntegerField()
    started_at = BigIntegerField(null=True)
    finished_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("state",), False), (("account", "id"), False))


class CampaignCounts(Table):
    campaign = ForeignKeyField(Campaign, primary_key=True, on_delete="CASCADE")
    total = IntegerField(default=0)
    waiting = IntegerField(default=0)
    retry_wait = IntegerField(default=0)
    live = IntegerField(default=0)
    delivered = IntegerField(default=0)
    exhausted = IntegerField(default=0)
    excluded = IntegerField(default=0)
    cancelled = IntegerField(default=0)
    unknown = IntegerField(default=0)
    attempts = IntegerField(default=0)
    answered = IntegerField(default=0)
    busy = IntegerField(default=0)
    no_answer = IntegerField(default=0)
    rejected = IntegerField(default=0)
    unreachable = IntegerField(default=0)
    congestion = IntegerField(default=0)
    failed = IntegerField(default=0)
    lost = IntegerField(default=0)
    heard_ms = BigIntegerField(default=0)


class CampaignPulse(Table):
    campaign = ForeignKeyField(Campaign, primary_key=True, on_delete="CASCADE")
    engine = CharField(100, default="")
    reason = CharField(30, default="")
    details = TextField(default="{}")
    calls_up = IntegerField(default=0)
    calls_per_second = DoubleField(default=0)
    ends_at = BigIntegerField(null=True)
    at = BigIntegerField(default=0)


class Recipient(Table):
    id = BigAutoField()
    campaign_id = BigIntegerField()
    line = IntegerField()
    number = TextField()
    is_mobile = BooleanField(default=False)
    state = CharField(12)
    reason = CharField(40, default="")
    variables = TextField(default="")
    prompt = CharField(64, default="")
    tries = IntegerField(default=0)
    free_tries = IntegerField(default=0)
    next_at = BigIntegerField(default=0)
    avoid_gateway_id = BigIntegerField(default=0)
    disposition = CharField(12, default="")
    attempt_id = BigIntegerField(null=True)
    finished_at = BigIntegerField(null=True)


class Attempt(Table):
    id = BigAutoField()
    uuid = CharField(36)
    recipient_id = BigIntegerField()
    campaign_id = BigIntegerField()
    switch_id = BigIntegerField()
    gateway_id = BigIntegerField()
    core_uuid = CharField(36)
    state = CharField(12)
    try_no = IntegerField()
    created_at = BigIntegerField()
    answered_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
    disposition = CharField(12, default="")
    hangup_cause = CharField(40, default="")
    sip_status = IntegerField(null=True)
    heard_ms = IntegerField(default=0)
    vote = CharField(4, default="")
    spent_try = BooleanField(default=True)
    settled_by = CharField(12, default="")


MODELS = [Account, User, Message, Gateway, Switch, Campaign, CampaignCounts, CampaignPulse, Recipient, Attempt]

INDEXES = [
    # What is due, in the order in which it is claimed.
    "CREATE INDEX recipient_due ON recipient (campaign_id, next_at, id)"
    " WHERE state IN ('pending', 'retry_wait')",
    # A number stands in a campaign once, unless it was set aside; quick sends (line 0) may repeat it.
    "CREATE UNIQUE INDEX recipient_once ON recipient (campaign_id, number)"
    " WHERE state <> 'excluded' AND line > 0",
    # One standing campaign of a kind for an account.
    "CREATE UNIQUE INDEX campaign_standing ON campaign (account_id, standing_key) WHERE standing_key <> ''",
    # Reports run in the order of the list, which is the order of the ids.
    "CREATE INDEX recipient_campaign ON recipient (campaign_id, id)",
    "CREATE UNIQUE INDEX attempt_uuid ON attempt (uuid)",
    # One live attempt a recipient, held by the database itself.
    "CREATE UNIQUE INDEX attempt_live ON attempt (recipient_id) WHERE state <> 'ended'",
    "CREATE INDEX attempt_open ON attempt (switch_id) WHERE state <> 'ended'",
]


def up(migrator, db):
    with db.bind_ctx(MODELS):
        db.create_tables(MODELS, safe=False)
    for statement in INDEXES:
        db.execute_sql(statement)
