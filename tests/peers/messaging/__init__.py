"""Services that carry messages: local servers that speak their documented interfaces and check what they are sent."""
