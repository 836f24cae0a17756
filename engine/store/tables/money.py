"""Tables of money: prices, the ledger, reservations.  Whole Rials; see `engine.store.ledger`."""

from __future__ import annotations

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    IntegerField,
    TextField,
)

from engine.store.tables.core import Table


class PriceGroup(Table):
    """A price list that accounts are put on; one is the default."""

    id = BigAutoField()
    name = CharField(100, unique=True)
    is_default = BooleanField(default=False)
    created_at = BigIntegerField()


class PriceVersion(Table):
    """The prices of a group from an instant on.  Never changed: a new price is a new row."""

    id = BigAutoField()
    group_id = BigIntegerField()
    landline = BigIntegerField()  # Rials a pulse
    mobile = BigIntegerField()  # Rials a pulse
    pulse_ms = IntegerField()
    synthesis = BigIntegerField()  # Rials for each started hundred characters
    from_at = BigIntegerField()
    person_id = BigIntegerField(null=True)
    text_part = BigIntegerField(default=0)  # Rials for each part of a text message

    class Meta:
        table_name = "price"
        indexes = ((("group_id", "from_at"), False),)


class LedgerTxn(Table):
    """One booking: why, for whom, when, by whom."""

    id = BigAutoField()
    account_id = BigIntegerField()
    kind = CharField(20)
    key = CharField(100, unique=True)
    at = BigIntegerField()
    campaign_id = BigIntegerField(null=True)
    payment_id = BigIntegerField(null=True)
    person_id = BigIntegerField(null=True)  # of staff, or who pressed the button
    note = TextField(default="")
    first_attempt_id = BigIntegerField(null=True)  # of a charge: the attempts are among these
    last_attempt_id = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account_id", "id"), False), (("campaign_id", "id"), False))


class LedgerEntry(Table):
    """An amount in one book of one account."""

    id = BigAutoField()
    txn_id = BigIntegerField()
    account_id = BigIntegerField()
    book = CharField(20)
    amount = BigIntegerField()
    campaign_id = BigIntegerField(null=True)  # of `reserved`: for which campaign

    class Meta:
        indexes = ((("txn_id",), False), (("account_id", "book", "id"), False))


class LedgerBalance(Table):
    """The sum of the entries of an account's book."""

    account_id = BigIntegerField()
    book = CharField(20)
    amount = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("account_id", "book")


class LedgerDay(Table):
    """The sums of a campaign's bookings of a day, kept as they are booked."""

    account_id = BigIntegerField()
    day = IntegerField()  # days of Tehran since the epoch
    campaign_id = BigIntegerField()
    balance = BigIntegerField()  # changes, Rials
    reserved = BigIntegerField()
    spent = BigIntegerField()
    bookings = IntegerField()
    last_txn_id = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("account_id", "day", "campaign_id")


class Reservation(Table):
    """The amount set aside for a campaign, and the price that it was started at.

    `held` is what is left: reserved minus charged minus returned.  A closed reservation opens again when the campaign
    continues; `round` counts that, so that each closing returns money once.
    """

    campaign_id = BigIntegerField(primary_key=True)
    account_id = BigIntegerField()
    price_id = BigIntegerField()
    call_ms = IntegerField()  # the longest that one call is expected to be heard
    held = BigIntegerField(default=0)
    charged = BigIntegerField(default=0)
    is_open = BooleanField(default=True)
    round = IntegerField(default=1)
    slices = IntegerField(default=0)  # reservations booked so far
    opened_at = BigIntegerField()
    closed_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account_id",), False),)
