"""Organisations and the people in them: who may enter, and what they may do."""
