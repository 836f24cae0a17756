"""Benches: speed and cost of the product, measured on the machine on which they run."""
