"""What people are shown: the rows of the store put together, every number with its source."""
