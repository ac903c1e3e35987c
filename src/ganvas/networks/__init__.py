"""Architectures, one a file: a small typed settings class whose ``build`` makes the network.

A generator's network maps a latent [N, latent] to images [N, C, H, W] in [-1, 1]. A
discriminator's network maps images to unbounded scores [N, ...], never probabilities.
"""
