"""What games are made of: terms, penalties, augmentation, unrolling."""
