"""Pages of people and accounts: log-in, registration, identity, people, tokens, the first page."""
