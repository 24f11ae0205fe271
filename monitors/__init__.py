"""Monitors: what is watched, how it is probed, and what the results say."""
