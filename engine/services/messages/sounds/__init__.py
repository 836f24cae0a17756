"""Reads the recordings that people upload: detect the format, decode all of it, fit it to a telephone line.

This code handles untrusted bytes, so it runs in a worker process (`engine.workers`). `reading.read` is the entry.
"""
