"""A run on tokens, with fields beside them: no part of the house minds what an item is."""

import json
from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

import ganvas
from ganvas.cli.main import main
from ganvas.data import Field, load_dataset, make_dataset
from ganvas.domains import Tokens, Vector
from ganvas.errors import UsageError

from ..registering import forgotten_afterwards

LETTERS = Tokens(4, tuple("abc"))
SETTINGS = {
    "generator.kind": "letters",
    "discriminator.kind": "letter-scores",
    "generator.latent": 6,
    "data.split": "train",
    "batch": 8,
    "every.log": 8,
    "every.samples": 16,
    "every.checkpoint": 16,
    "device": "cpu",
    "precision": "fp32",
    "threads": 1,
    "evaluation.every": 16,
}


@dataclass(frozen=True)
class Letters:
    """Latents [N, latent] to a distribution over the vocabulary for each token [N, L, V]."""

    conditional: ClassVar[bool] = False

    latent: int = 6
    size: int = 3

    def build(self, shape: tuple[int, ...]) -> nn.Module:
        layers = [nn.Linear(self.latent, shape[0] * self.size), nn.Unflatten(1, (shape[0], -1))]
        return nn.Sequential(*layers, nn.Softmax(2))


class Scores(nn.Module):
    def __init__(self, length: int, size: int) -> None:
        super().__init__()
        self.size, self.linear = size, nn.Linear(length * size, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens int64 [N, L], or distributions over them [N, L, V], to scores [N]."""
        if tokens.ndim == 2:
            tokens = torch.nn.functional.one_hot(tokens, self.size).float()
        return self.linear(tokens.flatten(1)).flatten()


@dataclass(frozen=True)
class LetterScores:
    conditional: ClassVar[bool] = False

    size: int = 3

    def build(self, shape: tuple[int, ...]) -> nn.Module:
        return Scores(shape[0], self.size)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    generator = torch.Generator().manual_seed(0)
    extra = {"mood": Field(Vector(2), torch.randn(40, 2, generator=generator))}
    words = make_dataset(LETTERS, LETTERS.noise(40, generator), None, (), "words", fields=extra)
    out = tmp_path_factory.mktemp("tokens")
    with forgotten_afterwards():
        ganvas.register(Letters, "letters")
        ganvas.register(LetterScores, "letter-scores")
        settings = {"data": words, "images": 32, "overrides": SETTINGS}
        yield ganvas.train("tutorial-mnist", out=out, **settings), words


def test_a_run_on_tokens_is_a_run_like_any_other(run, tmp_path, capsys) -> None:
    trained, words = run
    opened = ganvas.load(trained.path)
    assert opened.domain == LETTERS
    assert json.loads((trained.path / "run.json").read_text())["domain"]["vocabulary"] == [*"abc"]
    samples = opened.sample(5, seed=1)
    assert samples.shape == (5, 4) and samples.dtype == torch.int64
    for name in ("samples.png", "reals.png", "timelapse.gif", "report.html"):
        assert (trained.path / name).is_file()
    report = (trained.path / "report.html").read_text(encoding="utf-8")
    assert "40 sequences of words, 4 tokens out of 3" in report
    assert "training sequences: words" in report
    longer = ganvas.resume(trained.path, data=words, images=48)
    assert longer.images == 48
    assert main(["show", str(trained.path)]) == 0
    out = tmp_path / "samples.txt"
    assert (
        main(["sample", str(trained.path), "--count", "5", "--seed", "1", "--out", str(out)]) == 0
    )
    assert "5 sequences at 48 images seen" in capsys.readouterr().out
    assert [len(line) for line in out.read_text().splitlines()] == [4] * 5
    assert main(["sample", str(trained.path), "--out", str(tmp_path / "x.gif")]) == 2
    assert "end it with .png, .npz or .txt" in capsys.readouterr().err


def test_what_no_metric_reads_is_refused_in_a_sentence(run) -> None:
    trained, words = run
    with pytest.raises(UsageError, match="no feature network here reads sequences"):
        ganvas.evaluate(trained.path, data=words)


def test_a_part_of_a_data_set_has_all_its_fields(run) -> None:
    _, words = run
    part = load_dataset(words, split="10:30", limit=5)
    assert torch.equal(part.pixels, words.pixels[10:15])
    assert torch.equal(part.fields["mood"].stored, words.fields["mood"].stored[10:15])
    assert part.fingerprint != words.fingerprint and load_dataset(words) is words
