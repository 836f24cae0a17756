"""The tables, one file a context."""
