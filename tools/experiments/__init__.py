"""Designing experiments and reading them honestly: sizes, splits, estimates, verdicts."""
