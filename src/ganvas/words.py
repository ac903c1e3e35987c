"""Numbers as words, for screens and pages."""


def duration(seconds: float) -> str:
    """A duration in words: ``0.04 s``, ``3.2 s``, ``48 s``, ``4 min 53 s``, ``1 h 05 min``."""
    seconds = max(0.0, seconds)
    if seconds < 0.95:
        return f"{seconds:.1g} s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"
