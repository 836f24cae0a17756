"""Dialing: pace, claim, originate, settle."""
