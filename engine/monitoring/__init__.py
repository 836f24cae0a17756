"""Monitoring: availability, probes, registrations, the health of gateways, the auditor."""
