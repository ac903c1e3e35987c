"""One game a file: which players, which moves. Nothing here steps, zeroes or freezes anything."""
