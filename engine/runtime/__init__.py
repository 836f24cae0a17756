"""One engine process: opening of the store, controller, switches and their leases, jobs by the clock."""
