"""Pages of an account's messages and their approval."""
