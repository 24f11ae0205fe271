"""The API `/v1`: everything that the pages do, for scripts."""
