"""Evaluations of samples against real images, or points against their mixture. They know no run.

``real_images`` finds the images to compare with, ``feature_choice`` a feature network that knows
them, ``real_features`` what that network reads in them; ``measure`` makes an ``Evaluation``.
"""
