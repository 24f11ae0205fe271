"""Back-test: what a policy would have made of the results that are stored."""
