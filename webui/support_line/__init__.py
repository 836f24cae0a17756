"""Pages of the support line: wallboard, calls, agents, reports, settings.  For the staff."""
