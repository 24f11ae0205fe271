"""Telling people: channels, rules, and deliveries that lose nothing."""
