"""Agents of the support line belong to departments, to which calls are handed over as to one agent."""


def up(migrator, db):
    db.execute_sql("ALTER TABLE support_agent ADD COLUMN departments VARCHAR(60) NOT NULL DEFAULT 'support'")
    db.execute_sql("ALTER TABLE support_transfer ADD COLUMN department VARCHAR(12) NOT NULL DEFAULT ''")
