"""Prices, the ledger, reservations, charges, subscriptions, payments, and the audit of all of it."""
