"""A user's own parts, tried once before a run: what is wrong with them is said in their words."""
