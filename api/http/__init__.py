"""The HTTP entrance: one router file a noun."""
