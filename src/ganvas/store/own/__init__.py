"""A user's own code: executed on the user's word, kept in runs, compared when a run goes on."""
