"""What machines write about monitors: shared, row-secured tables for all organisations."""
