"""Operators: convolutions and resampling that differentiate fast, any number of times."""
