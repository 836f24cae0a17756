"""Sounds and texts: decoding, speech, prompts, an account's library."""
