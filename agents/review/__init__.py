"""The review graph: a launch is measured, the analyst says what it means, next proposals are named."""
