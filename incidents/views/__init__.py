"""Pages of incidents, and what is posted from them."""
