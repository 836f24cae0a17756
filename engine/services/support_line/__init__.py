"""The support line that customers call: its data and rules.

agents         who answers, where it rings, their chosen state (the switch follows)
settings       offer after 80 s, tries of a call-back, …: changed by staff, with defaults
hours          whether support is open, when it opens, what the switch is told of it
departments    an agent's departments, to which calls are handed over   transfers  handing a call over
callers        who rings, by number                 keyed_numbers  a number that a caller keyed
calls          the calls that came in               call_backs     promised calls, and their tries
call_back_limits  whose telephone may be rung, and how often
voice_tickets  callers' spoken messages             expectation    place and expected wait
call_recordings  of answered calls, kept for a time     voice_prompts  what the line says
figures        service level by hour and day        evidence       unanswered calls, for claims and statements
board          what the wallboard shows             attendance     the alarms: nobody signed in, nobody reached

Functions run inside a transaction (`engine.store.threads.write`, or `read` for those that only read);
`now` and every `*_at` are milliseconds UTC.
"""

QUEUE = "support"
"""The queue that callers join; the switch knows it as ``support@avanak``.  Other departments' are joined by hand-over."""
