"""Translations of words and sentences, and formats of numbers and dates, for the reader's language."""
