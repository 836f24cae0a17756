"""Search for messages and people; indexes of what waits; what customers were told of by themselves."""

from peewee import *

from engine.fold import fold


class Table(Model):
    class Meta:
        legacy_table_names = False


class EventTold(Table):
    key = CharField(80, primary_key=True)
    at = BigIntegerField()


INDEXES = (
    "CREATE INDEX identity_review_waiting ON identity_review (id) WHERE state = 'submitted'",
    "CREATE INDEX payment_receipt_waiting ON payment (id) WHERE provider = 'receipt' AND state = 'pending'",
    "CREATE INDEX claim_undecided ON claim (id) WHERE state IN ('submitted', 'in_review')",
    "CREATE INDEX outage_report_open ON outage_report (id) WHERE state = 'open'",
    "CREATE INDEX message_decided ON message (decided_at) WHERE decided_at IS NOT NULL",
    "CREATE INDEX campaign_ended ON campaign (finished_at) WHERE finished_at IS NOT NULL",
)


def up(migrator, db):
    mark = "?" if isinstance(db, SqliteDatabase) else "%s"
    for table, column in (("message", "title"), ("person", "username")):
        migrator.migrate(migrator.add_column(table, "search", TextField(default="")))
        for row_id, name in db.execute_sql(f"SELECT id, {column} FROM {table}").fetchall():
            db.execute_sql(f"UPDATE {table} SET search = {mark} WHERE id = {mark}", (fold(name), row_id))
    with db.bind_ctx([EventTold]):
        db.create_tables([EventTold], safe=False)
    for statement in INDEXES:
        db.execute_sql(statement)
    # Who has shown an address for tickets hears of its own campaigns, money and messages too, unless it says otherwise.
    addresses = db.execute_sql(
        "SELECT id, topics FROM contact_address WHERE account_id IS NOT NULL AND channel <> 'voice'"
    )
    for row_id, topics in addresses.fetchall():
        if "tickets" in topics.split():
            values = (f"{topics} campaigns money messages", row_id)
            db.execute_sql(f"UPDATE contact_address SET topics = {mark} WHERE id = {mark}", values)
