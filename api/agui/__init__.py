"""AG-UI: a thread as a stream of the protocol's events. Runs go through our threads, answers through the approvals."""
