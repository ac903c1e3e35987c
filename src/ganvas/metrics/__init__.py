"""How good, how varied, how original: figures of samples against real images.

Each file is one distance or score, a plain function of features; ``table.py`` lists what
``ganvas evaluate`` offers.
"""
