import time

import pytest

from ganvas.errors import UsageError
from ganvas.recipes import yaml


def test_numbers_in_scientific_notation_are_coerced_where_they_are_used() -> None:
    """PyYAML reads 1e-3 as text; the recipe's types make a number of it (see test_reading)."""
    assert yaml.read("lr: 1e-3") == {"lr": "1e-3"}


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
