"""What checks found: stored fresh, packed when their hour is closed, rolled up, and read as one."""
