"""Web hooks: events sent to customers' programs.

hooks      where an account's programs listen      events    what is due, what became of it, replay
fan_out    events of calls, for each hook

Which addresses are allowed and how requests are signed: `engine.services.outbox` (outside, signing).
Events are written by `engine.store.webhook_events` in the transaction of what they tell of, of calls as
one short row (`engine.dialing.rules.webhooks`); they leave by `engine.runtime.webhook_sender`.
At least once, in order for each subject; a repeated one has the same id.
"""
