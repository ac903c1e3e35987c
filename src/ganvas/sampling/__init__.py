"""From a generator to samples: latents, conditions, truncation, sheets and files."""
