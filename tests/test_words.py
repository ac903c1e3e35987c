import pytest

from ganvas.words import duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (-1, "0 s"), (0.042, "0.04 s"), (0.51, "0.5 s"), (0.97, "1.0 s"),
        (3.2, "3.2 s"), (9.94, "9.9 s"), (9.96, "10 s"), (48.3, "48 s"), (59.7, "1 min 00 s"),
        (293, "4 min 53 s"), (3599.6, "1 h 00 min"), (3900, "1 h 05 min"), (7199, "2 h 00 min"),
        (360_000, "100 h 00 min"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
