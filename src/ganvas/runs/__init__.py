"""A run: its folder, checkpoints, logs and report, and the session that plays it."""
