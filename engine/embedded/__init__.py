"""The embedded switch: an event-socket server that behaves as FreeSWITCH does and calls nobody.

It runs as a process of its own (``python -m engine.embedded``); the engine talks to it as it
talks to any switch.  ``process.EmbeddedProcess`` starts and ends one from Python.
README.md here says what it simulates and what it does not.
"""
