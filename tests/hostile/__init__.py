"""Uploads and lists that somebody made to do harm; `python -m tests.hostile.run --cases 10000`."""
