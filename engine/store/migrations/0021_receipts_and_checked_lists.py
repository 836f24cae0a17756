"""Receipts by the number as it is compared, and lists by what was checked."""

import unicodedata

from peewee import *

# One transfer is one payment; and one account tells a transfer once.
INDEXES = [
    "CREATE UNIQUE INDEX payment_receipt_paid ON payment (receipt_key)"
    " WHERE receipt_key IS NOT NULL AND state = 'paid'",
    "CREATE UNIQUE INDEX payment_receipt_told ON payment (account_id, receipt_key)"
    " WHERE receipt_key IS NOT NULL AND state IN ('pending', 'paid')",
]


def key_of(number):
    plain = unicodedata.normalize("NFKC", number).casefold()
    digits = (str(unicodedata.decimal(c)) if unicodedata.category(c) == "Nd" else c for c in plain)
    return "".join(c for part in digits for c in part if c.isalnum())[:100]


def up(migrator, db):
    migrator.migrate(
        migrator.add_column("payment", "receipt_key", CharField(100, null=True)),
        migrator.add_column("list_import", "sha256", CharField(64, default="")),
    )
    mark = "?" if isinstance(db, SqliteDatabase) else "%s"
    rows = db.execute_sql(
        "SELECT id, reference FROM payment WHERE provider = 'receipt' AND state IN ('pending', 'paid')"
        " ORDER BY CASE state WHEN 'paid' THEN 0 ELSE 1 END, id"
    ).fetchall()
    known = set()
    for row_id, reference in rows:
        key = key_of(reference)
        if key and key not in known:  # of two that were booked for one transfer the later keeps none
            known.add(key)
            db.execute_sql(f"UPDATE payment SET receipt_key = {mark} WHERE id = {mark}", (key, row_id))
    for statement in INDEXES:
        db.execute_sql(statement)
