"""The working calendar, tickets and notices."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class CalendarEdit(Table):
    id = BigAutoField()
    at = BigIntegerField()
    author_id = BigIntegerField()
    action = CharField(10)
    day = CharField(10)
    to_day = CharField(10, default="")
    name_fa = CharField(200, default="")
    name_en = CharField(200, default="")
    hours = TextField(default="[]")
    reason = TextField()


class CalendarVersion(Table):
    version = CharField(16, primary_key=True)
    kind = CharField(16)
    content = TextField()
    made_at = BigIntegerField()


class Ticket(Table):
    id = BigAutoField()
    key = CharField(80, null=True, unique=True)
    account_id = BigIntegerField()
    department = CharField(24)
    subject = CharField(200)
    state = CharField(24, default="open")
    via = CharField(12)
    author_id = BigIntegerField(null=True)
    assignee_id = BigIntegerField(null=True)
    terms_id = CharField(40)
    opened_at = BigIntegerField()
    changed_at = BigIntegerField()
    closed_at = BigIntegerField(null=True)
    next_due_at = BigIntegerField(null=True)

    class Meta:
        indexes = (
            (("account_id", "id"), False),
            (("state", "next_due_at"), False),
        )


class TicketQueue(Table):
    queue = CharField(16)
    ticket_id = BigIntegerField(index=True)

    class Meta:
        primary_key = CompositeKey("queue", "ticket_id")


class TicketMessage(Table):
    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    side = CharField(8)
    author_id = BigIntegerField(null=True)
    is_internal = BooleanField(default=False)
    text = TextField()
    at = BigIntegerField()


class TicketStep(Table):
    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    at = BigIntegerField()
    author_id = BigIntegerField(null=True)
    what = CharField(24)
    old = CharField(100, default="")
    new = CharField(100, default="")
    reason = TextField(default="")


class TicketPause(Table):
    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    from_at = BigIntegerField()
    until_at = BigIntegerField(null=True)


class TicketClock(Table):
    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    account_id = BigIntegerField()
    kind = CharField(16)
    terms_id = CharField(40)
    calendar = CharField(16)
    calendar_version = CharField(16)
    days = IntegerField(default=0)
    amount_s = BigIntegerField()
    warn_s = BigIntegerField()
    started_at = BigIntegerField()
    due_at = BigIntegerField(null=True)
    warn_at = BigIntegerField(null=True)
    state = CharField(10, default="running")
    done_at = BigIntegerField(null=True)
    missed_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("state", "warn_at"), False), (("account_id", "missed_at"), False))


class ClockAlarm(Table):
    clock_id = BigIntegerField()
    kind = CharField(12)
    due_at = BigIntegerField()
    at = BigIntegerField()
    told = CharField(40, default="")

    class Meta:
        primary_key = CompositeKey("clock_id", "kind", "due_at")


class Attachment(Table):
    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    message_id = BigIntegerField()
    account_id = BigIntegerField()
    author_id = BigIntegerField(null=True)
    name = CharField(200)
    media_type = CharField(100)
    size = BigIntegerField()
    sha256 = CharField(64)
    path = CharField(100, unique=True)
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("account_id",), False),)


class RemoteHelp(Table):
    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    account_id = BigIntegerField()
    tool = CharField(12)
    starts_at = BigIntegerField()
    ends_at = BigIntegerField()
    state = CharField(10, default="proposed")
    proposed_by_staff = BooleanField()
    agent_id = BigIntegerField(null=True)
    secret = CharField(64, default="")
    secret_given_at = BigIntegerField(null=True)
    secret_gone_at = BigIntegerField(null=True)
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("state", "ends_at"), False),)


class Satisfaction(Table):
    ticket_id = BigIntegerField(primary_key=True)
    account_id = BigIntegerField()
    person_id = BigIntegerField()
    score = IntegerField()
    text = TextField(default="")
    at = BigIntegerField()


class Notice(Table):
    id = BigAutoField()
    kind = CharField(12)
    state = CharField(10, default="draft")
    is_for_all = BooleanField(default=True)
    title_fa = CharField(200)
    title_en = CharField(200, default="")
    text_fa = TextField(default="")
    text_en = TextField(default="")
    author_id = BigIntegerField(null=True)
    created_at = BigIntegerField()
    published_at = BigIntegerField(null=True)
    published_by = BigIntegerField(null=True)
    ends_at = BigIntegerField(null=True)
    withdrawn_at = BigIntegerField(null=True)
    withdrawn_why = TextField(default="")
    maintenance_id = BigIntegerField(null=True, unique=True)
    starts_at = BigIntegerField(null=True)
    outage_id = BigIntegerField(null=True, unique=True)
    began_at = BigIntegerField(null=True)
    detected_at = BigIntegerField(null=True)
    due_at = BigIntegerField(null=True)
    publishes_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("state", "published_at"), False),)


class NoticeAudience(Table):
    notice_id = BigIntegerField()
    account_id = BigIntegerField(index=True)

    class Meta:
        primary_key = CompositeKey("notice_id", "account_id")


class NoticeUpdate(Table):
    id = BigAutoField()
    notice_id = BigIntegerField(index=True)
    key = CharField(80, null=True, unique=True)
    at = BigIntegerField()
    author_id = BigIntegerField(null=True)
    text_fa = TextField()
    text_en = TextField(default="")


class NoticeRead(Table):
    notice_id = BigIntegerField()
    person_id = BigIntegerField()
    account_id = BigIntegerField(null=True)
    at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("notice_id", "person_id")


class NoticeStep(Table):
    notice_id = BigIntegerField()
    step = CharField(24)
    at = BigIntegerField()
    details = TextField(default="")

    class Meta:
        primary_key = CompositeKey("notice_id", "step")


class Reach(Table):
    id = BigAutoField()
    account_id = BigIntegerField(null=True)
    person_id = BigIntegerField(null=True)
    channel = CharField(12)
    address = CharField(200)
    topics = CharField(100)
    language = CharField(5, default="fa")
    created_at = BigIntegerField()
    created_by = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account_id", "channel", "address"), True),)


class SpecialWish(Table):
    id = BigAutoField()
    account_id = BigIntegerField(index=True)
    ticket_id = BigIntegerField()
    channel = CharField(12)
    address = CharField(200)
    person_name = CharField(100, default="")
    language = CharField(5, default="fa")
    agreed_by = BigIntegerField()
    agreed_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)
    ended_by = BigIntegerField(null=True)


class Delivery(Table):
    id = BigAutoField()
    key = CharField(100, unique=True)
    channel = CharField(12)
    address = CharField(200)
    subject = CharField(200, default="")
    text = TextField()
    language = CharField(5, default="fa")
    is_urgent = BooleanField(default=False)
    account_id = BigIntegerField(null=True)
    notice_id = BigIntegerField(null=True, index=True)
    ticket_id = BigIntegerField(null=True, index=True)
    state = CharField(10, default="waiting")
    tries = IntegerField(default=0)
    next_at = BigIntegerField()
    leased_until_at = BigIntegerField(null=True)
    error = CharField(300, default="")
    recipient_id = BigIntegerField(null=True)
    created_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("state", "next_at"), False),)


FROZEN = [
    "calendar_edit",
    "calendar_version",
    "ticket_message",
    "ticket_step",
    "clock_alarm",
    "satisfaction",
    "notice_update",
    "notice_read",
    "notice_step",
]

MODELS = [
    CalendarEdit,
    CalendarVersion,
    Ticket,
    TicketQueue,
    TicketMessage,
    TicketStep,
    TicketPause,
    TicketClock,
    ClockAlarm,
    Attachment,
    RemoteHelp,
    Satisfaction,
    Notice,
    NoticeAudience,
    NoticeUpdate,
    NoticeRead,
    NoticeStep,
    Reach,
    SpecialWish,
    Delivery,
]


# What is evidence is inserted and never changed (the function of PostgreSQL comes with 0006).
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
    # One pause of a ticket is open at a time, and one clock of a kind runs.
    db.execute_sql("CREATE UNIQUE INDEX ticket_pause_open ON ticket_pause (ticket_id) WHERE until_at IS NULL")
    db.execute_sql(
        "CREATE UNIQUE INDEX ticket_clock_open ON ticket_clock (ticket_id, kind)"
        " WHERE state = 'running' OR state = 'missed'"
    )
    for table in FROZEN:
        freeze(db, table)
