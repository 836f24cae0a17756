"""Pages of switches and gateways, of what the auditor found; what programs ask of health and post as records."""
