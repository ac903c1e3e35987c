"""An evaluation's records in sentences that need no explanation."""

from collections.abc import Mapping
from typing import Any

from ganvas.features.no_features import NONE

NOUNS = {
    "digits": ("digits", "real digits"),
    "fashion": ("kinds of clothes", "real clothes"),
    "stacked-digits": ("numbers", "real numbers"),
}
"""What a feature network's classes are called, and real items of them."""


def in_words(records: Mapping[str, Mapping[str, Any]]) -> str:
    """One evaluation's records, by metric: ``10 of 10 digits, 8.1 times as far from real digits as
    real digits are from each other (0.42 against 0.052, 10,000 samples)``; "" where there is
    nothing to say in words."""
    if not records:
        return ""
    name = next(iter(records.values()))["features"]["name"]
    words = OTHER_WORDS.get(name, _distances_in_words)
    return words(records, name)


def compared_with(record: Mapping[str, Any]) -> str:
    """What a figure was measured against and with, in a sentence."""
    reference, network = record["reference"], record["features"]
    against = (
        OTHER_REFERENCES[network["name"]].format(**reference)
        if network["name"] in OTHER_REFERENCES
        else f"{counted(reference)}; {network_in_words(network)}"
    )
    return f"Against {against}. The floor is {reference['floor']}."


def counted(reference: Mapping[str, Any]) -> str:
    """How many items of what a reference has, such as "10,000 held-out images of mnist"."""
    noun = reference.get("noun", "images")  # older records are of images
    return f"{reference['images']:,} {reference['part']} {noun} of {reference['data']}"


def network_in_words(network: Mapping[str, Any]) -> str:
    """What read the items, by what a record says of its feature network."""
    if network["name"] == NONE:
        return "features: none, since no metric here needs any"
    return f"features: {network['name']} {network['version']} ({network['hash'][:15]})"


def _distances_in_words(records: Mapping[str, Mapping[str, Any]], name: str) -> str:
    parts = []
    noun = next(iter(records.values())).get("reference", {}).get("noun", "images")
    classes, reals = NOUNS.get(name, ("", f"real {noun}"))
    if classes and "modes" in records:
        details = records["modes"]["details"]
        parts.append(f"{details['drawn']:,} of {details['kinds']:,} {classes}")
    distance = records.get("frechet", {})
    if distance.get("comparable") and (distance["floor"] or 0) > 0:
        parts.append(_distance_in_words(distance, reals))
    elif "kid" in records:
        parts.append(f"kernel distance {records['kid']['value']:.3g} (0: no difference)")
    return ", ".join(parts)


def _distance_in_words(record: Mapping[str, Any], reals: str) -> str:
    value, baseline = max(0.0, record["value"]), record["floor"]
    times = value / baseline
    number = f"{times:.1f}" if times < 10 else f"{times:,.0f}"
    text = f"{number} times as far from {reals} as {reals} are from each other"
    if times < 1.05:
        text = f"no farther from {reals} than {reals} are from each other"
    return f"{text} ({value:.3g} against {baseline:.3g}, {record['samples']:,} samples)"


def _points_in_words(records: Mapping[str, Mapping[str, Any]], name: str) -> str:
    value = {name: record["value"] for name, record in records.items()}
    wide = f"{value['spread-least']:.2f} to {value['spread-most']:.2f}"
    return (
        f"{value['modes']} {records['modes']['note']} modes, {value['near']:.1%} of points within "
        f"3 sigma of one, drawn {wide} times as wide as the real ones"
    )


OTHER_WORDS = {"points": _points_in_words}
"""What is said of figures that are no distances, by the name of what read them."""

OTHER_REFERENCES = {"points": "the mixture {data}"}
"""What else figures are compared with, by the name of what read them."""


def formats_apart(provenance: Mapping[str, Any]) -> str:
    """A sentence where samples were stored with loss and reals were not, or the other way round;
    "" where both were stored alike."""
    samples, reals = provenance.get("lossy", 0.0), provenance["reference"].get("lossy", 0.0)
    if abs(samples - reals) < 0.5:
        return ""
    return (
        f"{reals:.0%} of the real images were stored as JPEG, {samples:.0%} of the samples: part "
        f"of a distance is what JPEG does to an image, so compare it only with such where both "
        f"sides were stored likewise (Parmar et al. 2022)"
    )
