"""The embedded switch: an event-socket server that behaves as FreeSWITCH does and calls nobody.

It runs as a separate process (``python -m engine.embedded``); the engine uses it like any other switch.
``process.EmbeddedProcess`` starts and ends one from Python.  README.md says what it simulates and what it does not.
"""
