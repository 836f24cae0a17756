"""What spoken codes are for and who asked; addresses that showed that they are their owner's; confirmed caller ids."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class ConfirmedNumber(Table):
    id = BigAutoField()
    account_id = BigIntegerField()
    number = CharField(15)
    confirmed_by = BigIntegerField(null=True)
    confirmed_at = BigIntegerField()

    class Meta:
        indexes = ((("account_id", "number"), True),)


def up(migrator, db):
    migrator.migrate(
        migrator.add_column("mobile_code", "purpose", CharField(10, default="mobile")),
        migrator.add_column("mobile_code", "of_id", BigIntegerField(default=0)),
        migrator.add_column("mobile_code", "network", CharField(64, default="")),
        migrator.add_column("reach", "verified_at", BigIntegerField(null=True)),
    )
    db.execute_sql("CREATE INDEX mobile_code_created ON mobile_code (created_at)")
    db.execute_sql("CREATE INDEX mobile_code_network ON mobile_code (network, created_at)")
    # What was used until now goes on, but for telephones: nobody knows whose those are.
    db.execute_sql("UPDATE reach SET verified_at = created_at WHERE channel <> 'voice' OR account_id IS NULL")
    with db.bind_ctx([ConfirmedNumber]):
        db.create_tables([ConfirmedNumber], safe=False)
