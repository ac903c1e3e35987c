"""How good, how varied, how original: figures of samples against real images.

Each file is one family: plain functions of features [N, d], logits [N, K] or pixels, samples first
and reals second. ``metric_table`` makes figures of them and lists what ``ganvas evaluate`` offers.
"""
