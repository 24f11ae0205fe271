"""Why somebody was told of a monitor, or was not: decisions read again for any moment."""
