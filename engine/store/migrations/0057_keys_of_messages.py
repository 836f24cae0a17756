"""The key of the form that wrote a ticket's message: sent twice, it writes once."""

from peewee import CharField


def up(migrator, db):
    migrator.migrate(migrator.add_column("ticket_message", "key", CharField(80, null=True)))
    db.execute_sql("CREATE UNIQUE INDEX ticket_message_key ON ticket_message (ticket_id, key)")
