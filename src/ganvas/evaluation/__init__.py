"""Evaluations of samples against real images. They know no run."""
