"""Tables of the web service: kept answers, clients' references, one-time codes, contact lists."""

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

from engine.store.tables.core import Searched, Table


class KeptAnswer(Table):
    """The answer to a request that created something; the same key gets the same answer for a day."""

    account_id = BigIntegerField()
    key = CharField(160)  # the client's own, behind the name of the operation
    sha256 = CharField(64)  # of what was asked
    answer = TextField()  # JSON, sealed when there is a secret in it
    created_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("account_id", "key")
        indexes = ((("account_id", "created_at"), False),)


class RecipientReference(Table):
    """A client's own name for a recipient."""

    recipient_id = BigIntegerField(primary_key=True)
    campaign_id = BigIntegerField()
    reference = CharField(100)

    class Meta:
        indexes = ((("campaign_id", "reference"), False),)


class OneTimeCode(Table):
    """A code that was spoken for a client and is checked here; only its hash is kept."""

    id = BigAutoField()
    account_id = BigIntegerField()
    number = CharField(20)
    salt = CharField(32)
    code_hash = CharField(64)
    wrong = IntegerField(default=0)
    recipient_id = BigIntegerField(null=True)  # of the call
    created_at = BigIntegerField()
    expires_at = BigIntegerField()
    used_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account_id", "id"), False), (("account_id", "number", "created_at"), False))


class ContactList(Searched):
    """A list of numbers that an account keeps for its campaigns; people upload files, programs add numbers one by one."""

    id = BigAutoField()
    account_id = BigIntegerField()
    name = CharField(200)
    numbers = IntegerField(default=0)  # how many are on it
    columns = TextField(default="[]")  # names of the variables of its contacts, JSON, in their order
    has_name = BooleanField(default=False)  # the first of them is the person's name
    source_name = CharField(255, default="")  # what people call the file it was read from
    token = CharField(
        80, default=""
    )  # that file, as long as it is to be read (services.campaigns.list_shelf)
    choices = TextField(default="")  # how it is to be read (services.lists.choices), JSON
    sentence = TextField(default="")  # why it could not be read
    is_removed = BooleanField(default=False)  # its contacts are being deleted
    created_by = BigIntegerField(null=True)
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("account_id", "id"), False),)


class ListedContact(Table):
    """A number on a contact list."""

    id = BigAutoField()
    list_id = BigIntegerField()
    number = CharField(20)  # E.164
    reference = CharField(100, default="")
    variables = TextField(default="{}")  # JSON object: names to texts

    class Meta:
        indexes = ((("list_id", "number"), True), (("list_id", "id"), False))
