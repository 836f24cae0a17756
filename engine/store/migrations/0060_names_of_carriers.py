"""The name of a gateway's carrier, so that a name server that does not answer is told by the name."""

from peewee import CharField


def up(migrator, db):
    migrator.migrate(migrator.add_column("trunk_state", "host", CharField(255, default="")))
