"""Players, their moves, and the one loop that plays them. It knows no game and no kind of data."""
