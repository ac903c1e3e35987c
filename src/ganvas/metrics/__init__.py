"""How good, how varied, how original: figures of samples against real items, such as images.

Each file is one family: plain functions of features [N, d], logits [N, K] or items, samples first
and reals second. ``metric_table`` makes figures of them and lists what ``ganvas evaluate`` offers.
"""
