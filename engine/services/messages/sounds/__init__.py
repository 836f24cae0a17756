"""Recordings as people bring them: what a file is, all of it decoded, and what a telephone makes of it.

All of this runs in a worker (`engine.workers`) and computes on strangers' bytes; `reading.read` is its door.
"""
