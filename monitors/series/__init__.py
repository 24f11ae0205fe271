"""Series of numbers that belong to a monitor: stored as they come, rolled up, read in any resolution."""
