"""Differentiable augmentation of all that a discriminator is given."""
