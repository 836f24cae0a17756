"""Pages of do-not-call lists and destinations."""
