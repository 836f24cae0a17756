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
    """A price list for accounts; one is the default."""

    id = BigAutoField()
    name = CharField(100, unique=True)
    is_default = BooleanField(default=False)
    created_at = BigIntegerField()


class PriceVersion(Table):
    """The prices of a group from a time on.  Rows never change: a new price is a new row."""

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
    """One booking: why, for whom, when and by whom."""

    id = BigAutoField()
    account_id = BigIntegerField()
    kind = CharField(20)
    key = CharField(100, unique=True)
    at = BigIntegerField()
    campaign_id = BigIntegerField(null=True)
    payment_id = BigIntegerField(null=True)
    person_id = BigIntegerField(null=True)  # the person who caused it
    note = TextField(default="")
    first_attempt_id = BigIntegerField(null=True)  # of a charge: its attempts are in this range of ids
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
    campaign_id = BigIntegerField(null=True)  # of the book `reserved`: the campaign

    class Meta:
        indexes = ((("txn_id",), False), (("account_id", "book", "id"), False))


class LedgerBalance(Table):
    """The sum of the entries in a book of an account."""

    account_id = BigIntegerField()
    book = CharField(20)
    amount = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("account_id", "book")


class LedgerDay(Table):
    """The sums of a campaign's bookings of a day, updated by each booking."""

    account_id = BigIntegerField()
    day = IntegerField()  # days of Tehran since the epoch
    campaign_id = BigIntegerField()
    balance = BigIntegerField()  # the change of the balance, Rials
    reserved = BigIntegerField()
    spent = BigIntegerField()
    bookings = IntegerField()
    last_txn_id = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("account_id", "day", "campaign_id")


class Reservation(Table):
    """The amount set aside for a campaign, and the price version at its start.

    `held` is the rest: reserved minus charged minus returned.  A closed reservation is opened again when the campaign
    continues; `round` counts this, so that each closing returns the money once.
    """

    campaign_id = BigIntegerField(primary_key=True)
    account_id = BigIntegerField()
    price_id = BigIntegerField()
    call_ms = IntegerField()  # the longest expected length of one call
    held = BigIntegerField(default=0)
    charged = BigIntegerField(default=0)
    is_open = BooleanField(default=True)
    round = IntegerField(default=1)
    slices = IntegerField(default=0)  # reservations booked so far
    opened_at = BigIntegerField()
    closed_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account_id",), False),)
