"""Notices: what customers are told, and the proof that they were told.

notices         drafts, publication, the first page, receipts, maintenance
outage_notice   the notice of an outage within two hours, published automatically if nobody does it
own_events      what a customer is told about its own campaigns, credit and messages
special_wishes  channels and persons that a customer wants to be told in a crisis

Functions run inside a transaction unless they say otherwise; `now` and every `*_at` are milliseconds UTC.  A published
notice is on the panel at once; e-mail, messengers and calls leave through `services.outbox`.
"""
