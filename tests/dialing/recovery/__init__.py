"""Tests of recovery: crashes, lost events, call records, audits."""
