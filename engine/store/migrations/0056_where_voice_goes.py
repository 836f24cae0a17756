"""Where voice is sent on a gateway: where the SDP says, or where the carrier's voice comes from."""

from peewee import CharField


def up(migrator, db):
    migrator.migrate(migrator.add_column("gateway", "voice_to", CharField(10, default="sdp")))
