"""Tables about customers: payments, subscriptions, identity, and what staff changed."""

from __future__ import annotations

from peewee import BigAutoField, BigIntegerField, BooleanField, CharField, IntegerField, TextField

from engine.states import PaymentState, ReviewState
from engine.store.tables.core import Table


class Payment(Table):
    """Money on its way in."""

    id = BigAutoField()
    account_id = BigIntegerField()
    person_id = BigIntegerField(null=True)  # who began it
    provider = CharField(20)  # zarinpal, receipt, test
    purpose = CharField(20)  # topup, subscription
    plan_id = BigIntegerField(null=True)  # of a subscription
    amount = BigIntegerField()  # Rials
    state = CharField(10, default=PaymentState.CREATED)
    reason = TextField(default="")  # why it failed, one sentence
    authority = CharField(100, null=True)  # the provider's name for it
    reference = CharField(100, default="")  # the bank's number of the transfer
    receipt_key = CharField(100, null=True)  # of a receipt: its number as receipts are compared
    card = CharField(30, default="")  # masked, as the provider gives it
    document_id = BigIntegerField(null=True)  # picture of the receipt
    decided_by = BigIntegerField(null=True)  # staff, for receipts
    created_at = BigIntegerField()
    asked_at = BigIntegerField(null=True)  # last verification
    ended_at = BigIntegerField(null=True)

    class Meta:
        indexes = (
            (("provider", "authority"), True),
            (("account_id", "id"), False),
            (("state", "created_at"), False),
        )


class SubscriptionPlan(Table):
    """Months for a price; staff sell those that are offered."""

    id = BigAutoField()
    months = IntegerField()
    price = BigIntegerField()  # Rials
    is_offered = BooleanField(default=True)
    created_at = BigIntegerField()


class ConfirmedNumber(Table):
    """A number that staff have confirmed as an account's, so that its calls may show it."""

    id = BigAutoField()
    account_id = BigIntegerField()
    number = CharField(15)
    confirmed_by = BigIntegerField(null=True)
    confirmed_at = BigIntegerField()

    class Meta:
        indexes = ((("account_id", "number"), True),)


class Subscription(Table):
    """Months that an account paid."""

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
    """A code that was spoken to a mobile; only its hash is stored."""

    id = BigAutoField()
    account_id = BigIntegerField()
    purpose = CharField(10, default="mobile")  # mobile, password, address
    of_id = BigIntegerField(default=0)  # the person or the address that it is about
    mobile = CharField(20)
    network = CharField(64, default="")  # that asked for it
    salt = CharField(32)
    code_hash = CharField(64)
    wrong = IntegerField(default=0)
    recipient_id = BigIntegerField(null=True)  # of the call
    created_at = BigIntegerField()
    expires_at = BigIntegerField()
    used_at = BigIntegerField(null=True)

    class Meta:
        indexes = (
            (("account_id", "id"), False),
            (("mobile", "created_at"), False),
            (("network", "created_at"), False),
            (("created_at",), False),
        )


class IdentityReview(Table):
    """A customer's claim of identity, and the decision of staff."""

    id = BigAutoField()
    account_id = BigIntegerField()
    kind = CharField(10)  # person, firm
    name = CharField(200)
    national_number = CharField(11)  # national code of a person, national id of a firm
    state = CharField(10, default=ReviewState.SUBMITTED)
    reason = TextField(default="")
    submitted_at = BigIntegerField()
    submitted_by = BigIntegerField(null=True)
    decided_at = BigIntegerField(null=True)
    decided_by = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account_id", "id"), False), (("state", "id"), False))


class Document(Table):
    """A file that a customer gave us; it lies in data_dir/documents, out of the web's reach."""

    id = BigAutoField()
    account_id = BigIntegerField()
    review_id = BigIntegerField(null=True)
    name = CharField(200)  # as the customer called it; never a path
    media_type = CharField(40)
    size = BigIntegerField()
    sha256 = CharField(64)
    path = CharField(100)  # below data_dir/documents
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("account_id", "id"), False),)


class AuditEntry(Table):
    """An action of staff on a customer's data; append-only."""

    id = BigAutoField()
    at = BigIntegerField()
    person_id = BigIntegerField(null=True)  # null: the system, or the command line
    account_id = BigIntegerField(null=True)
    action = CharField(40)
    subject = CharField(80)
    before = TextField(default="")
    after = TextField(default="")

    class Meta:
        table_name = "audit_log"
        indexes = ((("account_id", "id"), False), (("person_id", "id"), False))


class AccessToken(Table):
    """What a program sends instead of a password.  Only its hash is stored."""

    id = BigAutoField()
    account_id = BigIntegerField(index=True)
    person_id = BigIntegerField(
        null=True
    )  # it acts as; null: made on the command line, for the account alone
    name = CharField(100)  # what it is for
    start = CharField(12)  # its first letters, to tell it from others
    sha256 = CharField(64, unique=True)
    scopes = TextField(default="")  # words of services.accounts.token_scopes.Scope, blank separated
    methods = TextField(default="")  # the only ones, blank separated; empty: all
    addresses = TextField(default="")  # addresses and networks, blank separated; empty: from everywhere
    expires_at = BigIntegerField(null=True)
    replaces_id = BigIntegerField(null=True, unique=True)  # the token whose new secret this is
    created_at = BigIntegerField()
    last_used_at = BigIntegerField(null=True)
    last_used_from = CharField(64, default="")
    revoked_at = BigIntegerField(null=True)
    revoked_by = BigIntegerField(null=True)
