"""The suite; folders mirror the apps."""
