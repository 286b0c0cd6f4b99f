"""What may happen, as data and pure functions."""
