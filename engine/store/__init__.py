"""The store: peewee models, the one writer, and the statements that must be fast."""
