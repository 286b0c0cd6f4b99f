"""Stored threads of each released graph version, and how they are made and opened."""
