"""Deterministic calculators that the agents call: values, arrays or lazy tables in, values out."""
