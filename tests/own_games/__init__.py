"""Three games as a user writes them, against public interfaces alone."""
