"""Pages of the service agreement: availability, statements, incidents, claims, the calendar."""
