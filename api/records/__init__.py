"""Questions that only the entrances ask of the store."""
