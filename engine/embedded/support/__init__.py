"""The support line on the embedded switch: inbound calls, the queue of mod_callcenter, agents' telephones, keys, bridges.

It carries out the product's own dialplan (dialplan/support), so that what callers meet here is what they meet on
a real switch.  `house` puts it together; README.md says what people do and how they are told to.
"""
