"""A look at a source before anything is trained on it."""
