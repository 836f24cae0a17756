"""Messages: decoding of recordings, speech, prompts, and the gallery of an account."""
