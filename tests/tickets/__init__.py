"""Tickets, their clocks and the working calendar, on both databases."""
