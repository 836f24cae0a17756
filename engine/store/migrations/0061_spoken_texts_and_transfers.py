"""The texts that were spoken for an account, newest first, and the transfers of a call: looked at again and again."""


def up(migrator, db):
    db.execute_sql("CREATE INDEX message_spoken ON message (account_id, created_at) WHERE text <> ''")
    db.execute_sql("CREATE INDEX support_transfer_call ON support_transfer (call_id)")
