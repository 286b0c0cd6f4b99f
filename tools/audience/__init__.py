"""Who is meant: the filter language, the funnel from gross to net, customer features and segments."""
