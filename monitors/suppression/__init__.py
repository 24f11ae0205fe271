"""Hold outages back that are planned or follow from another one, and release each of them in the end."""
