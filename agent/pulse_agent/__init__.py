"""Watches the host it runs on and sends what it finds to Pulse. Needs Python 3.9 and psutil, nothing else."""

VERSION = "1.0.0"
