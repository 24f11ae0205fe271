"""Outages that are held back, and how each of them ends."""
