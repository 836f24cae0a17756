"""One engine process: opening the store, the controller, switches and their leases, scheduled jobs."""
