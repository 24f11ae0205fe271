"""Pulse: the kernel that every app builds on, and the composition that ties them together."""

VERSION = "0.1.0"
