"""Evaluations of samples against real items, or points against their mixture. They know no run.

``real_items`` finds the items to compare with, ``metric_choice`` the metrics that read them,
``feature_choice`` a feature network that knows them, ``real_features`` what that network reads in
them; ``measure`` makes an ``Evaluation``.
"""
