"""Designs the experiment, forecasts it, and reads it out."""
