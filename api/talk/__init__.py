"""Conversations at the entrance: what a turn belongs to, what becomes of it, what is answered and what is remembered."""
