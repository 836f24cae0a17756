"""Tests of PostgreSQL alone, and the server that tests on both databases start."""
