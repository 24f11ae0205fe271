"""Incidents: opened and resolved by transitions, handled by people."""
