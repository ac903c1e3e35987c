"""From names, tables and listings to the labels and attributes of files."""
