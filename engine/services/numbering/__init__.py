"""Telephone numbers of Iran: read, normalised, refused with a reason."""
