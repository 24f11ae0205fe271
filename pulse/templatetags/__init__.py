"""Template vocabulary shared by all pages."""
