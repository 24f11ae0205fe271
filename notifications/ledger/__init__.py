"""What machines write about telling: deliveries and their attempts, shared and row-secured."""
