"""The number that an account's calls show."""

from peewee import *


def up(migrator, db):
    migrator.migrate(migrator.add_column("account", "caller_id", CharField(20, default="")))
