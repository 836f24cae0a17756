"""Scopes, methods, addresses, end and rotation of tokens; those that there are keep what they could do: tickets."""

from peewee import *


def up(migrator, db):
    table = "access_token"
    migrator.migrate(
        migrator.add_column(table, "scopes", TextField(default="")),
        migrator.add_column(table, "methods", TextField(default="")),
        migrator.add_column(table, "addresses", TextField(default="")),
        migrator.add_column(table, "expires_at", BigIntegerField(null=True)),
        migrator.add_column(table, "replaces_id", BigIntegerField(null=True, unique=True)),
        migrator.add_column(table, "last_used_from", CharField(64, default="")),
        migrator.drop_not_null(table, "person_id"),
    )
    db.execute_sql("UPDATE access_token SET scopes = 'tickets:read tickets:write'")
