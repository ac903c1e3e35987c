"""Training: what is prepared once, the loop, and what it writes into the run."""
