"""Accounts with states and subscriptions, the ledger, payments, identities, the audit log."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class PriceGroup(Table):
    id = BigAutoField()
    name = CharField(100, unique=True)
    is_default = BooleanField(default=False)
    created_at = BigIntegerField()


class PriceVersion(Table):
    id = BigAutoField()
    group_id = BigIntegerField()
    landline = BigIntegerField()
    mobile = BigIntegerField()
    pulse_ms = IntegerField()
    synthesis = BigIntegerField()
    from_at = BigIntegerField()
    person_id = BigIntegerField(null=True)

    class Meta:
        table_name = "price"
        indexes = ((("group_id", "from_at"), False),)


class LedgerTxn(Table):
    id = BigAutoField()
    account_id = BigIntegerField()
    kind = CharField(20)
    key = CharField(100, unique=True)
    at = BigIntegerField()
    campaign_id = BigIntegerField(null=True)
    payment_id = BigIntegerField(null=True)
    person_id = BigIntegerField(null=True)
    note = TextField(default="")
    first_attempt_id = BigIntegerField(null=True)
    last_attempt_id = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account_id", "id"), False), (("campaign_id", "id"), False))


class LedgerEntry(Table):
    id = BigAutoField()
    txn_id = BigIntegerField()
    account_id = BigIntegerField()
    book = CharField(20)
    amount = BigIntegerField()
    campaign_id = BigIntegerField(null=True)

    class Meta:
        indexes = ((("txn_id",), False), (("account_id", "book", "id"), False))


class LedgerBalance(Table):
    account_id = BigIntegerField()
    book = CharField(20)
    amount = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("account_id", "book")


class Reservation(Table):
    campaign_id = BigIntegerField(primary_key=True)
    account_id = BigIntegerField()
    price_id = BigIntegerField()
    call_ms = IntegerField()
    held = BigIntegerField(default=0)
    charged = BigIntegerField(default=0)
    is_open = BooleanField(default=True)
    round = IntegerField(default=1)
    slices = IntegerField(default=0)
    opened_at = BigIntegerField()
    closed_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account_id",), False),)


class Payment(Table):
    id = BigAutoField()
    account_id = BigIntegerField()
    person_id = BigIntegerField(null=True)
    provider = CharField(20)
    purpose = CharField(20)
    plan_id = BigIntegerField(null=True)
    amount = BigIntegerField()
    state = CharField(10, default="created")
    reason = TextField(default="")
    authority = CharField(100, null=True)
    reference = CharField(100, default="")
    card = CharField(30, default="")
    document_id = BigIntegerField(null=True)
    decided_by = BigIntegerField(null=True)
    created_at = BigIntegerField()
    asked_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)

    class Meta:
        indexes = (
            (("provider", "authority"), True),
            (("account_id", "id"), False),
            (("state", "created_at"), False),
        )


class SubscriptionPlan(Table):
    id = BigAutoField()
    months = IntegerField()
    price = BigIntegerField()
    is_offered = BooleanField(default=True)
    created_at = BigIntegerField()


class Subscription(Table):
    id = BigAutoField()
    account_id = BigIntegerField()
    plan_id = BigIntegerField()
    months = IntegerField()
    price = BigIntegerField()
    from_at = BigIntegerField()
    until_at = BigIntegerField()
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("account_id", "id"), False),)


class MobileCode(Table):
    id = BigAutoField()
    account_id = BigIntegerField()
    mobile = CharField(20)
    salt = CharField(32)
    code_hash = CharField(64)
    wrong = IntegerField(default=0)
    recipient_id = BigIntegerField(null=True)
    created_at = BigIntegerField()
    expires_at = BigIntegerField()
    used_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account_id", "id"), False), (("mobile", "created_at"), False))


class IdentityReview(Table):
    id = BigAutoField()
    account_id = BigIntegerField()
    kind = CharField(10)
    name = CharField(200)
    national_number = CharField(11)
    state = CharField(10, default="submitted")
    reason = TextField(default="")
    submitted_at = BigIntegerField()
    submitted_by = BigIntegerField(null=True)
    decided_at = BigIntegerField(null=True)
    decided_by = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account_id", "id"), False), (("state", "id"), False))


class Document(Table):
    id = BigAutoField()
    account_id = BigIntegerField()
    review_id = BigIntegerField(null=True)
    name = CharField(200)
    media_type = CharField(40)
    size = BigIntegerField()
    sha256 = CharField(64)
    path = CharField(100)
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("account_id", "id"), False),)


class AuditEntry(Table):
    id = BigAutoField()
    at = BigIntegerField()
    person_id = BigIntegerField(null=True)
    account_id = BigIntegerField(null=True)
    action = CharField(40)
    subject = CharField(80)
    before = TextField(default="")
    after = TextField(default="")

    class Meta:
        table_name = "audit_log"
        indexes = ((("account_id", "id"), False), (("person_id", "id"), False))


MODELS = [
    PriceGroup,
    PriceVersion,
    LedgerTxn,
    LedgerEntry,
    LedgerBalance,
    Reservation,
    Payment,
    SubscriptionPlan,
    Subscription,
    MobileCode,
    IdentityReview,
    Document,
    AuditEntry,
]

# Plain ALTERs: both databases add a column with a constant default without touching the rows.
COLUMNS = [
    ("account", "state VARCHAR(20) NOT NULL DEFAULT 'registered'"),
    ("account", "state_reason TEXT NOT NULL DEFAULT ''"),
    ("account", "is_house BOOLEAN NOT NULL DEFAULT FALSE"),
    ("account", "kind VARCHAR(10) NOT NULL DEFAULT 'firm'"),
    ("account", "mobile VARCHAR(20) NOT NULL DEFAULT ''"),
    ("account", "mobile_verified_at BIGINT"),
    ("account", "expires_at BIGINT"),
    ("account", "permissions TEXT NOT NULL DEFAULT ''"),
    ("account", "price_group_id BIGINT"),
    ("account", "weight INTEGER NOT NULL DEFAULT 1"),
    ("account", "max_cps DOUBLE PRECISION"),
    ("account", "max_channels INTEGER"),
    ("account", "parent_id BIGINT"),
    ("account", "debt_ceiling BIGINT NOT NULL DEFAULT 0"),
    ("campaign", "pause_code VARCHAR(20) NOT NULL DEFAULT ''"),
    ("campaign_counts", "mobiles INTEGER NOT NULL DEFAULT 0"),
    ("recipient", "reserved BIGINT NOT NULL DEFAULT 0"),
    ("recipient", "price_id BIGINT"),
    ("attempt", "price BIGINT NOT NULL DEFAULT 0"),
    ("attempt", "ledger_txn_id BIGINT"),
]
STATEMENTS = [
    # Whoever was here before is the operator's own account: commands of the first issues work for it.
    "UPDATE account SET is_house = TRUE, state = 'active' WHERE id = (SELECT MIN(id) FROM account)",
    "UPDATE campaign_counts SET mobiles = (SELECT COUNT(*) FROM recipient r WHERE"
    " r.campaign_id = campaign_counts.campaign_id AND r.is_mobile AND r.state <> 'excluded')",
    "CREATE UNIQUE INDEX price_group_default ON price_group (is_default) WHERE is_default",
    # Quick sends whose money has not been given back yet: few, at any time.
    "CREATE INDEX recipient_reserved ON recipient (campaign_id) WHERE reserved > 0",
    "CREATE INDEX reservation_open ON reservation (campaign_id) WHERE is_open",
    # One review at a time, and one subscription for one payment.
    "CREATE UNIQUE INDEX identity_review_open ON identity_review (account_id) WHERE state = 'submitted'",
    "CREATE UNIQUE INDEX account_house ON account (is_house) WHERE is_house",
]
APPEND_ONLY = ("ledger_txn", "ledger_entry", "audit_log", "price")


def _hold_append_only(db):
    sqlite = isinstance(db, SqliteDatabase)
    if not sqlite:
        db.execute_sql(
            "CREATE FUNCTION avanak_append_only() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION '%% is append-only', TG_TABLE_NAME; END $$"
        )
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            name = f"{table}_no_{verb.lower()}"
            if sqlite:
                db.execute_sql(
                    f"CREATE TRIGGER {name} BEFORE {verb} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
            else:
                db.execute_sql(
                    f"CREATE TRIGGER {name} BEFORE {verb} ON {table}"
                    " FOR EACH ROW EXECUTE FUNCTION avanak_append_only()"
                )


def up(migrator, db):
    for table, column in COLUMNS:
        db.execute_sql(f"ALTER TABLE {table} ADD COLUMN {column}")
    with db.bind_ctx(MODELS):
        db.create_tables(MODELS, safe=False)
    for statement in STATEMENTS:
        db.execute_sql(statement)
    _hold_append_only(db)
