"""What is asked for is checked once; parts of a request together ask the same."""

from typing import Any

import pytest
import torch

from ganvas.errors import UsageError
from ganvas.sampling.latent_space import LatentSpace
from ganvas.sampling.request import Request

CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"count": 0}, "`count` must be at least 1, not 0"),
    ({"seeds": []}, "`seeds` names no image"),
    ({"seeds": [1, 2], "seed": 0}, "leave `seed=0` away"),
    ({"seeds": [1, 2], "count": 3}, "`seeds` names 2 images: leave `count=3` away"),
    ({"label": 1, "attributes": {"Hat": True}}, "say `label` or `attributes`, not both"),
    ({"truncation": 0}, "`truncation` must be more than 0, such as 0.7, not 0"),
    ({"truncation": float("nan")}, "not nan"),
]


@pytest.mark.parametrize(("asked", "message"), CONTRADICTIONS)
def test_contradictions_are_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Request(**asked)


def test_a_usual_count_is_taken_where_none_is_named() -> None:
    assert Request().of(8).total == 8
    assert Request(3).of(8).total == 3
    assert Request(seeds=range(5)).of(8).total == 5
    assert Request(2, seeds=iter([7, 9])).seeds == (7, 9)
    assert Request(label=0, attributes={}).label == 0


@pytest.mark.parametrize("request_", [Request(7, seed=3), Request(seeds=[4, 3, 9, 9, 0, 1, 2])])
def test_the_parts_of_a_request_ask_for_the_same(request_: Request) -> None:
    space = LatentSpace(4)
    whole = request_.rows(space.draw)
    parts = [part.rows(space.draw) for part in request_.parts(3)]
    assert [len(part) for part in parts] == [3, 3, 1]
    assert torch.equal(torch.cat(parts), whole)


def test_each_seed_gives_its_first_sample() -> None:
    space = LatentSpace(4)
    assert torch.equal(Request(seeds=[9, 3]).rows(space.draw)[1], space.draw(3, 1)[0])
