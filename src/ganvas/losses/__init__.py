"""Losses and penalties: pure functions, scores in, one number an image out."""
