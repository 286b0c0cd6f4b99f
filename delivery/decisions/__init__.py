"""Decisions for one person at a time: what is live, the ledger of caps, the log of choices."""
