"""Messages: what a creative is, how it is rendered, what a check finds in it."""
