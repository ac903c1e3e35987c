"""What each command takes: one file a command, and nothing slow to import."""
