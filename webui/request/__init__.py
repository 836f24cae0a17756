"""Access, limits and services of a request."""
