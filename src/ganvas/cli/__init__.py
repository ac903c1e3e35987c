"""The command line: words in, calls out. No mathematics lives here."""
