"""What all requests need: access, limits, security, and the services of the process."""
