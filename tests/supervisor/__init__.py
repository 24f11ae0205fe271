"""What `make run` promises, seen from outside the process."""
