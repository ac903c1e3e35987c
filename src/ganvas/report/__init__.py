"""What a run shows of itself: pages, comparisons, evaluations kept in it."""
