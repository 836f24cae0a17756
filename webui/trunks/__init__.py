"""Pages of switches, gateways and audit findings; the health check; CDRs that switches post."""
