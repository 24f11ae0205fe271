"""How long monitors were up, down or not measured: over any time, by day, and kept by day for good."""
