"""How numbers are dialled on a gateway: their form, and digits in front of them."""

from peewee import CharField


def up(migrator, db):
    migrator.migrate(
        migrator.add_column("gateway", "number_format", CharField(10, default="98")),
        migrator.add_column("gateway", "dial_prefix", CharField(10, default="")),
    )
