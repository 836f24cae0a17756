"""Availability, statements, credits, claims and versions of the service agreement."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class Component(Table):
    name = CharField(100, primary_key=True)
    state = CharField(8)
    reason = TextField(default="")
    since_at = BigIntegerField()


class Flip(Table):
    id = BigAutoField()
    component = CharField(100)
    old = CharField(8)
    new = CharField(8)
    reason = TextField(default="")
    at = BigIntegerField()

    class Meta:
        indexes = ((("component", "at"), False),)


class MonitorSpan(Table):
    id = BigAutoField()
    monitor = CharField(100)
    from_at = BigIntegerField()
    until_at = BigIntegerField()

    class Meta:
        indexes = ((("until_at",), False), (("monitor", "id"), False))


class Pulse(Table):
    name = CharField(100, primary_key=True)
    seen_at = BigIntegerField()


class ProbeResult(Table):
    id = BigAutoField()
    switch_name = CharField(64)
    at = BigIntegerField()
    is_ok = BooleanField()
    took_ms = IntegerField()
    answer = CharField(200, default="")

    class Meta:
        indexes = ((("switch_name", "at"), False), (("at",), False))


class OutageRecord(Table):
    id = BigAutoField()
    account_id = BigIntegerField(null=True)
    source = CharField(10)
    component = CharField(100, default="service")
    revision = IntegerField(default=1)
    start_at = BigIntegerField()
    end_at = BigIntegerField(null=True)
    is_void = BooleanField(default=False)
    reason = TextField(default="")
    created_at = BigIntegerField()

    class Meta:
        table_name = "outage"
        indexes = ((("start_at",), False), (("end_at",), False))


class OutageRevision(Table):
    outage_id = BigIntegerField()
    revision = IntegerField()
    start_at = BigIntegerField()
    end_at = BigIntegerField(null=True)
    is_void = BooleanField(default=False)
    reason = TextField()
    author_id = BigIntegerField(null=True)
    at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("outage_id", "revision")


class OutageReport(Table):
    id = BigAutoField()
    account_id = BigIntegerField()
    happened_at = BigIntegerField()
    reported_at = BigIntegerField()
    way = CharField(10)
    ticket_id = BigIntegerField(null=True)
    text = TextField()
    author_id = BigIntegerField(null=True)
    state = CharField(10, default="open")
    outage_id = BigIntegerField(null=True)
    answer = TextField(default="")
    answered_by = BigIntegerField(null=True)
    answered_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account_id", "id"), False),)


class UnknownTime(Table):
    id = BigAutoField()
    start_at = BigIntegerField()
    end_at = BigIntegerField(null=True)
    reason = TextField(default="")

    class Meta:
        indexes = ((("start_at",), False),)


class UnknownResolution(Table):
    id = BigAutoField()
    unknown_id = BigIntegerField(index=True)
    start_at = BigIntegerField()
    end_at = BigIntegerField()
    state = CharField(8)
    outage_id = BigIntegerField(null=True)
    reason = TextField()
    author_id = BigIntegerField()
    at = BigIntegerField()


class Maintenance(Table):
    id = BigAutoField()
    title_fa = CharField(200)
    title_en = CharField(200, default="")
    text_fa = TextField(default="")
    text_en = TextField(default="")
    start_at = BigIntegerField()
    end_at = BigIntegerField()
    announced_at = BigIntegerField(null=True)
    exclusion_id = BigIntegerField(null=True)
    author_id = BigIntegerField()
    created_at = BigIntegerField()
    cancelled_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("start_at",), False),)


class ExclusionRecord(Table):
    id = BigAutoField()
    account_id = BigIntegerField(null=True)
    kind = CharField(24)
    start_at = BigIntegerField()
    end_at = BigIntegerField()
    announced_at = BigIntegerField(null=True)
    reason = TextField()
    author_id = BigIntegerField()
    created_at = BigIntegerField()
    withdrawn_at = BigIntegerField(null=True)
    withdrawn_by = BigIntegerField(null=True)
    withdrawn_why = TextField(default="")

    class Meta:
        table_name = "exclusion"
        indexes = ((("start_at",), False),)


class Evidence(Table):
    sha256 = CharField(64, primary_key=True)
    content = TextField()


class Statement(Table):
    id = BigAutoField()
    number = CharField(40, unique=True)
    account_id = BigIntegerField()
    account_name = CharField(200)
    month = CharField(7)
    sequence = IntegerField()
    adjusts = CharField(40, default="")
    issued_at = BigIntegerField()
    terms_id = CharField(40)
    evidence_sha256 = CharField(64)
    month_s = IntegerField()
    downtime_s = IntegerField()
    counted_s = IntegerField()
    unknown_s = IntegerField()
    availability = CharField(8)
    discount_by_percent = IntegerField()
    discount_by_minutes = IntegerField()
    discount = IntegerField()
    discount_if_down = IntegerField()
    decided_by = CharField(8)
    subscription_rials = BigIntegerField(null=True)
    discount_rials = BigIntegerField(null=True)
    note = TextField(default="")
    sha256 = CharField(64)

    class Meta:
        indexes = ((("account_id", "month", "sequence"), True), (("month", "account_id"), False))


class MonthClose(Table):
    month = CharField(7, primary_key=True)
    inputs_sha256 = CharField(64)
    closed_at = BigIntegerField()


class Credit(Table):
    id = BigAutoField()
    key = CharField(80, unique=True)
    account_id = BigIntegerField()
    month = CharField(7, default="")
    sequence = IntegerField(default=0)
    claim_id = BigIntegerField(null=True)
    evidence_sha256 = CharField(64, default="")
    discount = IntegerField(default=0)
    rials = BigIntegerField()
    way = CharField(24)
    memo = TextField()
    booked_at = BigIntegerField()

    class Meta:
        indexes = ((("account_id", "month", "sequence"), False),)


class Claim(Table):
    id = BigAutoField()
    account_id = BigIntegerField()
    kind = CharField(8)
    state = CharField(10)
    ticket_id = BigIntegerField(null=True)
    text = TextField()
    author_id = BigIntegerField(null=True)
    happened_from_at = BigIntegerField()
    happened_until_at = BigIntegerField()
    submitted_at = BigIntegerField()
    terms_id = CharField(40)
    calendar_version = CharField(16)
    first_answer_due_at = BigIntegerField()
    result_due_at = BigIntegerField()
    first_answered_at = BigIntegerField(null=True)
    decided_at = BigIntegerField(null=True)
    amount_rials = BigIntegerField(null=True)
    way = CharField(24, default="")
    result = TextField(default="")

    class Meta:
        indexes = ((("account_id", "id"), False), (("state", "result_due_at"), False))


class ClaimOutage(Table):
    claim_id = BigIntegerField()
    outage_id = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("claim_id", "outage_id")


class ClaimStep(Table):
    id = BigAutoField()
    claim_id = BigIntegerField(index=True)
    old = CharField(10)
    new = CharField(10)
    author_id = BigIntegerField(null=True)
    reason = TextField()
    at = BigIntegerField()


class ClaimVote(Table):
    claim_id = BigIntegerField()
    person_id = BigIntegerField()
    is_approval = BooleanField()
    amount_rials = BigIntegerField(null=True)
    way = CharField(24, default="")
    reason = TextField()
    at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("claim_id", "person_id")


class AgreementVersion(Table):
    id = BigAutoField()
    terms_id = CharField(40, unique=True)
    effective_at = BigIntegerField(unique=True)
    record = TextField()
    sha256 = CharField(64)
    reason = TextField()
    author_id = BigIntegerField()
    published_at = BigIntegerField()


FROZEN = [
    "flip",
    "outage_revision",
    "unknown_resolution",
    "evidence",
    "statement",
    "credit",
    "claim_step",
    "claim_vote",
    "agreement_version",
]

MODELS = [
    Component,
    Flip,
    MonitorSpan,
    Pulse,
    ProbeResult,
    OutageRecord,
    OutageRevision,
    OutageReport,
    UnknownTime,
    UnknownResolution,
    Maintenance,
    ExclusionRecord,
    Evidence,
    Statement,
    MonthClose,
    Credit,
    Claim,
    ClaimOutage,
    ClaimStep,
    ClaimVote,
    AgreementVersion,
]


# A statement, its evidence and the history behind them are inserted and never changed.
REFUSED = "this table is only ever inserted into: a correction is another row"


def freeze(db, table):
    if isinstance(db, SqliteDatabase):
        for verb in ("UPDATE", "DELETE"):
            db.execute_sql(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table}: {REFUSED}'); END"
            )
    else:
        db.execute_sql(
            f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION avanak_refuse_change()"
        )


def up(migrator, db):
    with db.bind_ctx(MODELS):
        db.create_tables(MODELS, safe=False)
    if not isinstance(db, SqliteDatabase):
        db.execute_sql(
            "CREATE FUNCTION avanak_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN RAISE EXCEPTION '%: {REFUSED}', TG_TABLE_NAME; END $$".replace("%", "%%")
        )
    # One interruption runs at a time, and one unknown time, whoever watches.
    db.execute_sql(
        "CREATE UNIQUE INDEX outage_running ON outage (component)"
        " WHERE end_at IS NULL AND source = 'monitor' AND NOT is_void"
    )
    db.execute_sql("CREATE UNIQUE INDEX unknown_running ON unknown_time ((1)) WHERE end_at IS NULL")
    for table in FROZEN:
        freeze(db, table)
