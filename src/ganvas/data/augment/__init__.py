"""Differentiable augmentation of everything a discriminator is given."""
