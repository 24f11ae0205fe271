"""Facts that must reach someone: rows written with what they are about, routed later, never lost."""
