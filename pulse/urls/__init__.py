"""Addresses: `public` for everybody, `organisation` behind `/o/<slug>/`, `waiting` until it is ready."""
