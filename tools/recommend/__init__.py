"""What to recommend to whom: from purchases to ranked items, each with its reason."""
