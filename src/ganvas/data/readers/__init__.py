"""Readers: one kind of source a file, each to pixels, labels and notes."""
