"""What is asked at the claim and done at the settle: consent, billing, the gap between two calls to a person."""
