"""What is in a source: numbers, warnings, a contact sheet."""
