"""The bench room: how fast a recipe plays here, and where the time of a step goes."""
