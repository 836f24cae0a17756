"""Tables and columns by their field terms: packet time, tries that are not counted, contact addresses."""


def up(migrator, db):
    db.execute_sql("ALTER TABLE gateway RENAME COLUMN packet_ms TO ptime_ms")
    db.execute_sql("ALTER TABLE recipient RENAME COLUMN free_tries TO uncounted_tries")
    db.execute_sql("ALTER TABLE reach RENAME TO contact_address")
