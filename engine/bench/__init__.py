"""Benches: what it costs and how fast it goes, measured on the machine where they are run."""
