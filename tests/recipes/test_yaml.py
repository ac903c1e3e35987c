import time

import pytest

from ganvas.errors import UsageError
from ganvas.recipes import yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3), ("2E5", 2e5), ("-1.5", -1.5), (".5", 0.5), ("96", 96), ("0", 0),
        ("10:50", "10:50"), ("2024-12-31", "2024-12-31"), ("0:50000", "0:50000"), ("007", 7.0),
        ("null", None), ("true", True), ("1.0.0", "1.0.0"),
    ],
)  # fmt: skip
def test_numbers_are_read_as_everybody_writes_them(text: str, value: object) -> None:
    """PyYAML alone takes 1e-3 for text, 10:50 for 650 (base 60) and dates for dates."""
    assert yaml.read(f"a: {text}") == {"a": value}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: !!python/object/apply:os.system ['true']", "Python objects are not read"),
        ("a: !mine 3", "tag !mine is not used"),
        ("a: 1\nb: 2\na: 3", "duplicate key 'a'"),
        ("a: {b: 1, b: 2}", "duplicate key 'b'"),
        ("a: &x 1\nb: *x", "aliases"),
        ("a: [", "not readable YAML"),
        ("a: b: c", "not readable YAML"),
        ("[" * 50 + "]" * 50, "nested deeper than"),
        ("[" * 50_000, "nested deeper than"),
        ("x" * 2_000_000, "larger than"),
        ("a: " + "9" * 5000, "cannot be read"),
        ("? [1, 2]\n: 3", "not readable YAML"),
        ("a: \x00", "not readable YAML"),
    ],
)
def test_what_is_no_recipe_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        yaml.read(text)
    assert message in str(error.value)
    assert len(str(error.value)) < 300


def test_an_alias_bomb_is_refused_before_it_expands() -> None:
    lines = ['a0: &a0 ["x"]'] + [
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)
    ]
    began = time.monotonic()
    with pytest.raises(UsageError, match="aliases"):
        yaml.read("\n".join(lines))
    assert time.monotonic() - began < 5
