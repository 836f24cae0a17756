"""Codecs of gateways, and how their signalling and voice are carried."""

from peewee import CharField


def up(migrator, db):
    migrator.migrate(
        migrator.add_column("gateway", "codecs", CharField(40, default="PCMA")),
        migrator.add_column("gateway", "transport", CharField(3, default="udp")),
        migrator.add_column("gateway", "srtp", CharField(10, default="none")),
    )
