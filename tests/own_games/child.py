"""Trains one of the games until it is killed: ``python -m tests.own_games.child NAME FOLDER``."""

import sys

import torch

import ganvas

from .cases import CASES, register

if __name__ == "__main__":
    torch.set_num_threads(1)
    register()
    case = CASES[sys.argv[1]]
    ganvas.train(case.recipe(images=10_000_000), data=case.data(), out=sys.argv[2])
