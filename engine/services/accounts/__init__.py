"""Customers' accounts: their states, people, permissions, documents, tokens, and the audit log."""
