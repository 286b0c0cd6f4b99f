"""Every query of the store, one file a noun; plain functions that take the caller's session first."""
