"""Gateways and switches as the store knows them: limits, health, registrations, head-room."""
