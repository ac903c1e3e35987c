"""Runs beside each other: what differs in them, in text, on a page, and in files."""
