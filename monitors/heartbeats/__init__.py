"""Heartbeats: jobs that report in, and are missed when they do not."""
