"""How the keys that are pressed arrive by a gateway: as telephone-event, as tones in the voice, or not at all."""


def up(migrator, db):
    db.execute_sql("ALTER TABLE gateway ADD COLUMN keys VARCHAR(10) NOT NULL DEFAULT 'events'")
