"""Hosts: whatever pushes numbers by itself, and is down when it falls silent or its numbers are out of bounds."""
