"""Architectures, one a file: a small typed settings class whose ``build`` makes the network.

``protocols`` says what each kind of network takes and returns. A generator maps latents [N, L] to
images [N, C, H, W], about or within [-1, 1]; a discriminator maps images to unbounded scores
[N, ...], never probabilities.
"""
