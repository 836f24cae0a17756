"""Pages of tickets, notices and addresses."""
