"""Who asks, may they, and how much: access, limits, the services of a request."""
