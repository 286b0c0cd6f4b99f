"""Seeded worlds that suites run in: synthetic profiles, plans, shops, injections; and an oracle that judges by itself."""
