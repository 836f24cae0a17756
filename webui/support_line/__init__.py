"""Pages of the support line, for staff: wallboard, calls, agents, reports, settings."""
