"""Pages about telling people."""
