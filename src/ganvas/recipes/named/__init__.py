"""The recipes themselves, one family a file."""
