"""The one door to the outside: every name is resolved, vetted and connected to in this package."""
