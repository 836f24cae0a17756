"""What the web service keeps: answers by key, references of clients, one-time codes, contact lists."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class KeptAnswer(Table):
    account_id = BigIntegerField()
    key = CharField(160)
    sha256 = CharField(64)
    answer = TextField()
    created_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("account_id", "key")
        indexes = ((("account_id", "created_at"), False),)


class RecipientReference(Table):
    recipient_id = BigIntegerField(primary_key=True)
    campaign_id = BigIntegerField()
    reference = CharField(100)

    class Meta:
        indexes = ((("campaign_id", "reference"), False),)


class OneTimeCode(Table):
    id = BigAutoField()
    account_id = BigIntegerField()
    number = CharField(20)
    salt = CharField(32)
    code_hash = CharField(64)
    wrong = IntegerField(default=0)
    recipient_id = BigIntegerField(null=True)
    created_at = BigIntegerField()
    expires_at = BigIntegerField()
    used_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account_id", "id"), False), (("account_id", "number", "created_at"), False))


class ContactList(Table):
    id = BigAutoField()
    account_id = BigIntegerField()
    name = CharField(200)
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("account_id", "id"), False),)


class ListedContact(Table):
    id = BigAutoField()
    list_id = BigIntegerField()
    number = CharField(20)
    reference = CharField(100, default="")
    variables = TextField(default="{}")

    class Meta:
        indexes = ((("list_id", "number"), True), (("list_id", "id"), False))


TABLES = [KeptAnswer, RecipientReference, OneTimeCode, ContactList, ListedContact]


def up(migrator, db):
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES, safe=False)
