"""The named sources: in the package, fetched once, or sampled; one a file."""
