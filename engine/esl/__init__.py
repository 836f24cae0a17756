"""The event socket, and only it: frames, events, commands, one link, and its supervisor.

``protocol`` cuts bytes into frames, ``events`` reads them, ``commands`` builds what is
sent, ``replies`` matches answers to questions, ``answers`` reads what ``api`` said,
``link`` is one connection and ``supervisor`` keeps one up.  Nothing here knows the store.
"""
