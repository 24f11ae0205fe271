"""The database backend: PostgreSQL with the organisation set on every connection."""
