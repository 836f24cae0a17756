"""Tickets: customers' requests, and the clocks that run on them.

tickets       opening, answering, moving, closing       views         a ticket as one may see it; queues
rules         departments, queues, clocks by kind       clocks        start, stand still, done, missed, recalculated
watch         warnings and escalations, each once       attachments   files, by content, out of the web's reach
remote_help   a time, a tool, an id that is forgotten   satisfaction  after closing, once
access        who may see what

Functions run inside a transaction (`engine.store.threads.write`, or `read` for
those that only read); `now` and every `*_at` are milliseconds UTC, the
arithmetic of `engine.agreement` works in whole seconds.
"""
