"""The twin: what a campaign would do before it runs, and how right that forecast was."""
