"""The propose graph: from a typed objective to a frozen proposal, its approval, and the launch."""
