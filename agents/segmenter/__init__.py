"""Turns the brief's audience into a counted definition and segments in words."""
