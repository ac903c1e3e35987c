"""The labels and attributes of files: from their folders, from tables, from listings."""
