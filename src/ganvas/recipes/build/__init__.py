"""From a recipe to an engine: data, batch, choices, networks, and the game that joins them."""
