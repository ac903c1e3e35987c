"""Short trials, before a run begins: how to play a recipe on this machine, and in what batches."""
