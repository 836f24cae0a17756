"""Outgoing mail, messenger texts and voice notices: durable, each recorded once."""
