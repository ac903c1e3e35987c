"""The pictures of a report: where things stand, and that their labels can be read."""

import math
import re

import pytest

from ganvas.report.charts import HEIGHT, LEFT, LETTER, WIDTH, Dot, Scale, chart, dots, short


def texts(svg: str) -> list[tuple[float, float, str, str]]:
    """x, y, anchor and words of every text."""
    found = re.findall(
        r'<text x="([\d.]+)" y="([\d.]+)"([^>]*)>(?:<title>.*?</title>)?([^<]*)', svg
    )
    anchors = [(re.findall(r'text-anchor="(\w+)"', more) or ["start"])[0] for *_, more, _ in found]
    return [(float(f[0]), float(f[1]), a, f[3]) for f, a in zip(found, anchors, strict=True)]


def heights(svg: str) -> list[float]:
    (line,) = re.findall(r'<polyline points="([^"]*)"', svg)
    return [float(place.split(",")[1]) for place in line.split()]


@pytest.mark.parametrize("value", [2e-4, 0.5, 1.0, 1e-12, 0.0, -3.0, 123_456.0])
def test_a_constant_has_one_mark_and_stands_in_the_middle(value: float) -> None:
    svg = chart("lr", [0, 100, 200], {"lr": [value] * 3})
    middle = (HEIGHT - 22 + 8) / 2
    assert heights(svg) == pytest.approx([middle] * 3, abs=0.1)
    marks = [words for x, _, _, words in texts(svg) if x < LEFT]
    assert [float(mark) for mark in marks] == [pytest.approx(value, rel=1e-2)]


def test_what_is_constant_but_for_rounding_is_constant() -> None:
    assert Scale([0.0002, 0.0002 * (1 + 1e-9)], 0, 1).marks() == [0.0002 * (1 + 1e-9)]
    assert len(Scale([0.0002, 0.0003], 0, 1).marks()) == 3
    assert len(Scale([1e-14, 2e-14], 0, 1).marks()) == 3  # small, and not constant


def test_marks_that_are_near_each_other_have_different_labels() -> None:
    assert Scale([100.01, 100.03], 0, 1).labels() == ["100.01", "100.02", "100.03"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0121, "0.0121"), (0.000375, "3.75e-4"), (1.2e6, "1.2e6"), (-0.499, "-0.499"),
        (1e-12, "1e-12"), (137_000, "1.37e5"), (8, "8"), (0.5, "0.5"), (-0.000375, "-3.75e-4"),
    ],
)  # fmt: skip
def test_labels_are_short(value: float, text: str) -> None:
    assert short(value) == text
    assert len(text) <= 8


@pytest.mark.parametrize(
    "values",
    [[3.7e-4, 0.4], [-1.234567e-5, 1e-5], [1e5, 9e9], [-123_456, 123_456], [2e-4, 2e-4]],
)
def test_no_label_of_a_chart_is_cut_off(values: list[float]) -> None:
    svg = chart("a", [0, 1_234_567_890], {"b": values})
    for x, y, anchor, words in texts(svg):
        width = LETTER * len(words)
        left = x - {"start": 0, "middle": width / 2, "end": width}[anchor]
        assert left >= 0 and left + width <= WIDTH + 8 + (LETTER if anchor == "end" else 0)
        assert 8 <= y <= HEIGHT


@pytest.mark.parametrize("name", ["0001-mnist", "runs/long/" + "x" * 90, "a" * 40])
def test_no_name_beside_dots_is_cut_off_by_the_margin(name: str) -> None:
    svg = dots("kid", [Dot(name, 1.0, 0.5, 2.0), Dot("b", 3.0)])
    row = next(t for t in texts(svg) if t[2] == "end")
    assert LETTER * len(row[3]) <= row[0] + 1
    assert f"<title>{name}</title>" in svg
    assert row[3][:5] == name[:5] and row[3][-5:] == name[-5:]


def test_a_line_upon_another_is_dashed_so_that_both_are_seen() -> None:
    svg = chart("lr", [0, 1], {"generator": [1.0, 2.0], "discriminator": [1.0, 2.0]})
    assert svg.count("stroke-dasharray") == 1
    other = chart("lr", [0, 1], {"generator": [1.0, 2.0], "discriminator": [1.0, 3.0]})
    assert "stroke-dasharray" not in other


def test_values_that_are_not_finite_are_passed_over() -> None:
    line = [1.0, math.inf, math.nan, 2.0]
    svg = chart("a", [0, 1, 2, 3], {"b": line})
    assert len(heights(svg)) == 2 and "inf" not in svg and "nan" not in svg
    assert "inf" not in dots("a", [Dot("x", math.inf), Dot("y", 1.0)])


def test_a_single_line_of_the_chart_s_own_name_is_named_once() -> None:
    assert chart("near", [0, 1], {"near": [0.1, 0.2]}).count("near") == 1
    assert "r1" in chart("penalty", [0, 1], {"r1": [0.1, 0.2]})
