"""Notices, their channels, and an outage's two hours, on both databases."""
