"""Telephone numbers of Iran: read and normalised, or refused with a reason."""
