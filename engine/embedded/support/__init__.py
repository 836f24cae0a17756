"""The support line on the embedded switch: inbound calls, the queue of mod_callcenter, agents' telephones, keys, bridges.

It executes the product's own dialplan (dialplan/support), so that callers experience the same as on a real switch.
`house` combines the parts; README.md says what people do and how to control them.
"""
