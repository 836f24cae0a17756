"""What claims about support rest on, and the tokens of programs."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class ClaimEvidence(Table):
    claim_id = BigIntegerField(primary_key=True)
    kind = CharField(8)
    clock_id = BigIntegerField(null=True, index=True)
    number = CharField(20, default="")


class AccessToken(Table):
    id = BigAutoField()
    account_id = BigIntegerField(index=True)
    person_id = BigIntegerField()
    name = CharField(100)
    start = CharField(12)
    sha256 = CharField(64, unique=True)
    created_at = BigIntegerField()
    last_used_at = BigIntegerField(null=True)
    revoked_at = BigIntegerField(null=True)
    revoked_by = BigIntegerField(null=True)


REFUSED = "this table is only ever inserted into: a correction is another row"


def up(migrator, db):
    with db.bind_ctx([ClaimEvidence, AccessToken]):
        db.create_tables([ClaimEvidence, AccessToken], safe=False)
    # One claim comes by a ticket, so that sending a form twice makes one; of two the first keeps it.
    db.execute_sql(
        "UPDATE claim SET ticket_id = NULL WHERE ticket_id IS NOT NULL AND id NOT IN"
        " (SELECT MIN(id) FROM claim WHERE ticket_id IS NOT NULL GROUP BY ticket_id)"
    )
    db.execute_sql("CREATE UNIQUE INDEX claim_ticket ON claim (ticket_id) WHERE ticket_id IS NOT NULL")
    if isinstance(db, SqliteDatabase):
        for verb in ("UPDATE", "DELETE"):
            db.execute_sql(
                f"CREATE TRIGGER claim_evidence_no_{verb.lower()} BEFORE {verb} ON claim_evidence"
                f" BEGIN SELECT RAISE(ABORT, 'claim_evidence: {REFUSED}'); END"
            )
    else:
        db.execute_sql(
            "CREATE TRIGGER claim_evidence_frozen BEFORE UPDATE OR DELETE ON claim_evidence"
            " FOR EACH ROW EXECUTE FUNCTION avanak_refuse_change()"
        )
