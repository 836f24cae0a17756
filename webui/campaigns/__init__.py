"""Pages of campaigns: a new one, its life, its lists and recordings."""
