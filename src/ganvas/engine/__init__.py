"""The engine room: players, moves, and the one loop that walks them. It knows no game."""
