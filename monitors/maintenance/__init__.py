"""Maintenance windows: times in which outages are expected."""
