"""What is up: availability, probes, registrations, the health of gateways, the auditor of the books."""
