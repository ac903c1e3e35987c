"""A run opens things, and its sampler makes what it draws."""

import re
from pathlib import Path

import pytest
import torch

import ganvas
from ganvas.errors import UsageError
from ganvas.sampling.request import Request
from ganvas.sampling.sampler import Sampler
from ganvas.store.run import Run

PAGE = Path(__file__).parent.parent.parent / "docs" / "runs.md"
SMALL = {"generator.width": 4, "discriminator.width": 4, "discriminator.hidden": 16}
QUICK = {"batch": 16, "threads": 1, "evaluation": None}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("place") / "runs"
    return ganvas.train("mnist", out=out, images=64, overrides={**SMALL, **QUICK})


@torch.no_grad()
def test_its_samples_are_those_of_its_sampler(run: Run) -> None:
    sampler = run.sampler
    assert isinstance(sampler, Sampler) and sampler.network is run.generator
    latents = sampler.space.draw(5, 4)
    values = run.generator(latents)
    assert torch.equal(sampler(latents), values)
    assert torch.equal(sampler.finish(values), run.sample(4, seed=5))
    assert torch.equal(sampler.sample(Request(4, 5)), run.sample(4, seed=5))
    squeezed = sampler.finish(run.generator(sampler.space.truncated(latents, 0.5)))
    assert torch.equal(run.sample(4, seed=5, truncation=0.5), squeezed)
    assert not sampler.training


@pytest.mark.filterwarnings("ignore:.torch.jit.* is deprecated:FutureWarning")
def test_the_example_of_the_page_runs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run.path.parent.parent)
    text = PAGE.read_text(encoding="utf-8")
    (code,) = (
        block for block in re.findall(r"```python\n(.*?)```", text, re.S) if "traced" in block
    )
    names: dict[str, object] = {"ganvas": ganvas, "torch": torch}
    torch.manual_seed(0)
    exec(code.replace("range(200)", "range(20)"), names)
    latents, traced, image = names["latents"], names["traced"], names["image"]
    assert isinstance(latents, torch.Tensor) and isinstance(image, torch.Tensor)
    assert latents.grad is not None and latents.grad.abs().sum() > 0
    assert image.shape == (1, 28, 28, 1) and image.dtype == torch.uint8
    torch.testing.assert_close(traced(latents), run.sampler(latents))  # pyright: ignore


def test_a_run_of_latents_takes_no_data(run: Run) -> None:
    with pytest.raises(UsageError, match="of latents"):
        run.sample(2, data=torch.zeros(4, 1, 28, 28))
