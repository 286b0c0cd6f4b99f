"""Choosing an arm for each person: beliefs, bandit policies, share bounds, one logged draw."""
