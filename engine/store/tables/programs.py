"""Tables of the web service: stored answers, clients' references, one-time codes, contact lists."""

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
    """The answer to a request that created something; for a day the same key gets the same answer."""

    account_id = BigIntegerField()
    key = CharField(160)  # the name of the operation, then the client's key
    sha256 = CharField(64)  # of the request
    answer = TextField()  # JSON, sealed if it contains a secret
    created_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("account_id", "key")
        indexes = ((("account_id", "created_at"), False),)


class RecipientReference(Table):
    """A client's own id of a recipient."""

    recipient_id = BigIntegerField(primary_key=True)
    campaign_id = BigIntegerField()
    reference = CharField(100)

    class Meta:
        indexes = ((("campaign_id", "reference"), False),)


class OneTimeCode(Table):
    """A code that was spoken for a client and is checked here; only the hash is stored."""

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
    """A list of numbers for an account's campaigns; people upload files, programs add numbers one by one."""

    id = BigAutoField()
    account_id = BigIntegerField()
    name = CharField(200)
    numbers = IntegerField(default=0)  # how many are on it
    columns = TextField(default="[]")  # names of its contacts' variables, JSON, in order
    has_name = BooleanField(default=False)  # the first variable is the person's name
    source_name = CharField(255, default="")  # the name, for people, of the file from which it was read
    token = CharField(80, default="")  # that file, until it has been read (services.campaigns.list_shelf)
    choices = TextField(default="")  # how to read it (services.lists.choices), JSON
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
