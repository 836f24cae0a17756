"""The texts that were spoken for an account, newest first: looked at before each new one."""


def up(migrator, db):
    db.execute_sql("CREATE INDEX message_account_created ON message (account_id, created_at)")
