"""Tables about people who log in: sessions, delays after wrong passwords, recovery codes.  Conventions: core.py."""

from __future__ import annotations

from peewee import BigAutoField, BigIntegerField, CharField, IntegerField

from engine.store.tables.core import Table


class WebSession(Table):
    """A browser session of a person; the cookie has a secret, this row its hash."""

    id = BigAutoField()
    person_id = BigIntegerField()
    sha256 = CharField(64, unique=True)
    address = CharField(64, default="")  # IP address of the log-in
    agent = CharField(200, default="")  # the browser's User-Agent
    created_at = BigIntegerField()
    seen_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)
    end = CharField(12, default="")  # logout, ended, password, rights, idle, old

    class Meta:
        indexes = ((("person_id", "ended_at"), False), (("ended_at", "seen_at"), False))


class LoginWait(Table):
    """Wrong passwords from a network, for one name or for all names; the network's delay grows with them."""

    name = CharField(140, primary_key=True)
    failures = IntegerField()
    until_at = BigIntegerField()
    at = BigIntegerField(index=True)  # of the last failure


class RecoveryCode(Table):
    """A code that replaces the second factor once: 80 random bits; only the hash is stored."""

    id = BigAutoField()
    person_id = BigIntegerField(index=True)
    sha256 = CharField(64)
    used_at = BigIntegerField(null=True)
