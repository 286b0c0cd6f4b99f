"""Actions and offers: what may be done for a person."""
