"""What became of text messages, and their price."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class TextPart(Table):
    provider_id = CharField(100, primary_key=True)
    recipient_id = BigIntegerField(null=True, index=True)
    receipt = CharField(20, default="")
    at = BigIntegerField(index=True)


def up(migrator, db):
    with db.bind_ctx([TextPart]):
        db.create_tables([TextPart], safe=False)
    db.execute_sql("ALTER TABLE price ADD COLUMN text_part BIGINT NOT NULL DEFAULT 0")
    db.execute_sql("ALTER TABLE text_message ADD COLUMN account_id BIGINT NOT NULL DEFAULT 0")
    db.execute_sql("ALTER TABLE text_message ADD COLUMN parts INTEGER NOT NULL DEFAULT 1")
    db.execute_sql("ALTER TABLE text_message ADD COLUMN price BIGINT NOT NULL DEFAULT 0")
    db.execute_sql("ALTER TABLE text_message ADD COLUMN receipt VARCHAR(20) NOT NULL DEFAULT ''")
    db.execute_sql("ALTER TABLE text_message ADD COLUMN receipt_at BIGINT")
    db.execute_sql("UPDATE text_message SET account_id = COALESCE("
                   "(SELECT account_id FROM campaign WHERE campaign.id = text_message.campaign_id), 0)")
    db.execute_sql("CREATE INDEX text_message_account ON text_message (account_id, recipient_id)")
