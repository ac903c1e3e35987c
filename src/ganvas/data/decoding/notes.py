"""Sentences on what the reading of a folder or an archive skipped or converted."""

from collections.abc import Iterable, Mapping, Sequence

from ganvas.data.decoding.fit import Fit
from ganvas.data.decoding.image_file import Header
from ganvas.data.decoding.survey import Survey
from ganvas.data.names import some, some_reasons


def notes_on(
    survey: Survey,
    reasons: Mapping[str, str],
    kept: Iterable[str],
    fit: Fit,
    shape: tuple[int, int, int],
) -> list[str]:
    """One sentence for each thing that was skipped or converted.

    Args:
        survey: what the source holds.
        reasons: why images with a readable header could not be decoded, by name.
        kept: the names of the images that are used.
        fit, shape: how they came to which (C, H, W).
    """
    headers = [survey.headers[name] for name in kept]
    bad = survey.reasons | dict(reasons)
    counts = {
        f"unreadable file(s) skipped: {some_reasons(bad)}": len(bad),
        "other file(s) ignored": survey.others,
        "picture(s) that ganvas drew passed over": len(survey.own),
        **_conversions(headers, fit, shape),
    }
    notes = [
        f"{count:,} {text.replace('(s)', '' if count == 1 else 's', 1)}"
        for text, count in counts.items()
        if count
    ]
    if survey.unread:
        notes.append(
            f"not read: {some(survey.unread)}; labels are read from a labels.csv (image,label) "
            "beside the images"
        )
    return notes + [
        f"{table} in the folder above is not read: give that folder to use it"
        for table in survey.above
    ]


def _conversions(
    headers: Sequence[Header], fit: Fit, shape: tuple[int, int, int]
) -> dict[str, int]:
    """What happened to images, and to how many of them."""
    small = 0
    if fit.size is not None:
        small = sum(header.height < shape[1] or header.width < shape[2] for header in headers)
    grey = sum(header.grey for header in headers)
    three = "colour image(s) made grey" if fit.channels else "grey image(s) stored in colour"
    return {
        "file(s) with further pages or frames, of which only the first is used": sum(
            header.several for header in headers
        ),
        "image(s) with transparency composited on white": sum(h.transparent for h in headers),
        "16-bit image(s) scaled to 8 bits": sum(header.wide for header in headers),
        "CMYK image(s) converted to RGB": sum(header.mode == "CMYK" for header in headers),
        "grey image(s) given 3 channels": grey if shape[0] == 3 else 0,
        three: len(headers) - grey if shape[0] == 1 else 0,
        f"image(s) smaller than {shape[2]}x{shape[1]} enlarged": small,
    }
