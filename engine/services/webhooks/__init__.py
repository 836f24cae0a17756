"""Web hooks: customers' programs are told of events.

hooks      where an account's programs listen      targets   which addresses may be told
events     what is due, what became of it, replay  signing   the convention of Standard Webhooks

Events are written by `engine.store.webhook_events` in the transaction of what they tell of; they leave by
`engine.runtime.webhook_sender`.  At least once, in order for each subject; a repeated one has the same id.
"""
