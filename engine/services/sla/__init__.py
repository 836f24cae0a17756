"""The service agreement in the store: what was seen, what counts, what is given for it.

flips         components and their changes; unknown time      monitor      from observations to flips
observations  what the store and the calls say                probes       results of synthetic calls
incidents     outages, corrections, customers' reports        unknown      unknown time and its resolution
exclusions    the six kinds                                   maintenance  planned work and its announcement
agreements    versions of the agreement                       availability an account's month, live or closed
statements    closing months; adjustments                     archive      statements read and checked
credits       the discount, in the ledger, once               claimed      credits of approved claims
claims        from the ticket to the result                   committee    two people decide
authorisation who may do what, and who did what, when and why

Functions that write run inside a transaction (`engine.store.threads.write`),
those that read inside a connection (`read`).  `now` and every `*_at` are
milliseconds UTC; the arithmetic of `engine.agreement` works in whole seconds.
"""
