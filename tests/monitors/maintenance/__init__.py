"""Maintenance windows: when they happen, and what people do to them."""
