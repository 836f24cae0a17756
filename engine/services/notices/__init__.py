"""Notices: what customers are told, where, and the proof that they were.

notices        drafts, publication, the first page, receipts, maintenance     reach     who is reached how
outage_notice  an outage's notice within two hours, by itself if need be       special   a customer's wish for a way or person
deliveries     messages on their way out, durable, each once in the books      sending   the job that sends them
mail           SMTP       telegram_like  Telegram, Bale, Eitaa                 voice     calls through our own engine

Functions run inside a transaction unless they say otherwise; `now` and every
`*_at` are milliseconds UTC.  The panel itself needs no delivery: publishing is it.
"""
