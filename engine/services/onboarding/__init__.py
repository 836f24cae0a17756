"""From nobody to a customer: registration, identity, and what a new installation begins with."""
