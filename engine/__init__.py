"""Avanak's engine: rings masses of numbers through FreeSWITCH and plays each a voice message."""

__version__ = "0.1.0"
