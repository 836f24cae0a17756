"""Tables about customers: payments, subscriptions, identity, and what staff changed."""

from __future__ import annotations

from peewee import BigAutoField, BigIntegerField, BooleanField, CharField, IntegerField, TextField

from engine.states import PaymentState, ReviewState
from engine.store.tables.core import Table


class Payment(Table):
    """A payment of a customer: begun, checked, booked or failed."""

    id = BigAutoField()
    account_id = BigIntegerField()
    person_id = BigIntegerField(null=True)  # who started it
    provider = CharField(20)  # zarinpal, receipt, test
    purpose = CharField(20)  # topup, subscription
    plan_id = BigIntegerField(null=True)  # of a subscription
    amount = BigIntegerField()  # Rials
    state = CharField(10, default=PaymentState.CREATED)
    reason = TextField(default="")  # why it failed, one sentence
    authority = CharField(100, null=True)  # the provider's id of the payment
    reference = CharField(100, default="")  # the bank's number of the transfer
    receipt_key = CharField(100, null=True)  # of a receipt: its number in the form that is compared
    card = CharField(30, default="")  # masked, as received from the provider
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
    """A number of months for a price; customers can buy the offered ones."""

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
    """Months that an account has paid for."""

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
    """A code that was spoken to a mobile; only the hash is stored."""

    id = BigAutoField()
    account_id = BigIntegerField()
    purpose = CharField(10, default="mobile")  # mobile, password, address
    of_id = BigIntegerField(default=0)  # the person or the address that is verified
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
    """An identity that a customer states, and the decision of staff."""

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
    """A file from a customer; it is in data_dir/documents, which the web does not serve."""

    id = BigAutoField()
    account_id = BigIntegerField()
    review_id = BigIntegerField(null=True)
    name = CharField(200)  # the customer's file name; never used as a path
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
    """The secret that a program sends instead of a password; only its hash is stored."""

    id = BigAutoField()
    account_id = BigIntegerField(index=True)
    person_id = BigIntegerField(
        null=True
    )  # the person as whom it acts; null: made on the command line, acts for the account
    name = CharField(100)  # what it is for
    start = CharField(12)  # its first characters, to distinguish it from others
    sha256 = CharField(64, unique=True)
    scopes = TextField(default="")  # words of services.accounts.token_scopes.Scope, blank separated
    methods = TextField(default="")  # allowed methods, separated by blanks; empty: all
    addresses = TextField(default="")  # allowed addresses and networks, separated by blanks; empty: all
    expires_at = BigIntegerField(null=True)
    replaces_id = BigIntegerField(null=True, unique=True)  # the token that this one replaces (rotation)
    created_at = BigIntegerField()
    last_used_at = BigIntegerField(null=True)
    last_used_from = CharField(64, default="")
    revoked_at = BigIntegerField(null=True)
    revoked_by = BigIntegerField(null=True)
