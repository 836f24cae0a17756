"""Sessions, waits after wrong passwords, and the second factor of people."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class WebSession(Table):
    id = BigAutoField()
    person_id = BigIntegerField()
    sha256 = CharField(64, unique=True)
    address = CharField(64)
    agent = CharField(200)
    created_at = BigIntegerField()
    seen_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)
    end = CharField(12)

    class Meta:
        indexes = ((("person_id", "ended_at"), False), (("ended_at", "seen_at"), False))


class LoginWait(Table):
    name = CharField(140, primary_key=True)
    failures = IntegerField()
    until_at = BigIntegerField()
    at = BigIntegerField(index=True)


class RecoveryCode(Table):
    id = BigAutoField()
    person_id = BigIntegerField(index=True)
    sha256 = CharField(64)
    used_at = BigIntegerField(null=True)


def up(migrator, db):
    migrator.migrate(
        migrator.add_column("person", "totp_secret", CharField(64, default="")),
        migrator.add_column("person", "totp_since_at", BigIntegerField(null=True)),
        migrator.add_column("person", "totp_step", BigIntegerField(default=0)),
    )
    with db.bind_ctx([WebSession, LoginWait, RecoveryCode]):
        db.create_tables([WebSession, LoginWait, RecoveryCode], safe=False)
