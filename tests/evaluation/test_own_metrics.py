"""Metrics and features of a user's own, on items of any domain."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from PIL.Image import Image as Picture
from torch import Tensor, nn

import ganvas
from ganvas.cli.main import main
from ganvas.data import Dataset, make_dataset
from ganvas.domains import Domain, Points, Tokens, Vector
from ganvas.errors import DataError, UsageError
from ganvas.features import Features, load_features
from ganvas.metrics.feature_set import FeatureSet
from ganvas.metrics.figure import Figure, NotApplicable
from ganvas.metrics.metric import Metric
from ganvas.recipes.recipe import EvaluationSettings
from ganvas.report.neighbours import save_neighbours
from ganvas.store import evaluation_records

from ..own_games import cases
from ..own_games.sentences import LENGTH, WORDS, in_order, right_share
from ..playing import assert_same_run
from ..training.test_training import Killed, killed_at

pytestmark = pytest.mark.usefixtures("registering")


def brightness(samples: FeatureSet, reference: FeatureSet) -> Figure:
    ours, theirs = (each.items.float().mean() for each in (samples, reference))
    return Figure("brightness", float((ours - theirs).abs()), note="grey levels")


def right(samples: FeatureSet, reference: FeatureSet) -> Figure:
    """Of sentences whose words follow each other as they should."""
    return Figure("right", right_share(samples.items), better="higher")


def grey(level: int, count: int = 12) -> Tensor:
    return torch.full((count, 1, 8, 8), level, dtype=torch.uint8)


def test_a_metric_of_images_that_needs_no_features_needs_no_network() -> None:
    ganvas.register(Metric(brightness, reads="image", needs_features=False), "brightness")
    found = ganvas.evaluate(grey(200), data=grey(70), metrics=["brightness"])
    assert found["brightness"].value == 130
    [record] = found.records()
    assert (record["features"]["name"], record["floor"]) == ("none", 0)
    assert record["reference"]["noun"] == "images"


def test_a_number_alone_is_a_figure_of_the_metrics_name() -> None:
    ganvas.register(Metric(lambda a, b: len(a), needs_features=False), "how-many")
    ganvas.register(Metric(lambda a, b: [Figure("a", 1), 2.5], needs_features=False), "two")
    ganvas.register(Metric(lambda a, b: "high", needs_features=False), "word")  # pyright: ignore
    found = ganvas.evaluate(grey(1), data=grey(2), metrics=["how-many", "two"])
    assert [(f.name, f.value) for f, _ in found.figures] == [
        ("how-many", 12),
        ("a", 1),
        ("two", 2.5),
    ]
    with pytest.raises(UsageError, match="the metric word returned str: return a Figure"):
        ganvas.evaluate(grey(1), data=grey(2), metrics=["word"])


def test_a_metric_compares_with_reference_or_training_items() -> None:
    with pytest.raises(UsageError, match="compares with reference or training, not 'train'"):
        Metric(brightness, compares_with="train")  # pyright: ignore[reportArgumentType]


def test_two_figures_of_one_name_are_refused() -> None:
    ganvas.register(Metric(lambda a, b: Figure("plain", 1), needs_features=False), "other")
    ganvas.register(Metric(lambda a, b: 2.0, needs_features=False), "plain")
    with pytest.raises(UsageError, match="the metric plain returned a second figure plain: "):
        ganvas.evaluate(grey(1), data=grey(2), metrics=["other", "plain"])


def words_with_errors(share: float, count: int = 200) -> Dataset:
    """Seasons in order, but for a share of sentences of one season alone."""
    right_ones = in_order(count).pixels
    wrong = round(share * count)
    right_ones[:wrong] = right_ones[:wrong, :1]
    return make_dataset(Tokens(LENGTH, WORDS), right_ones, None, (), "errors")


def test_a_metric_of_tokens_reads_tokens_and_nothing_else(tmp_path) -> None:
    ganvas.register(Metric(right, reads="tokens", needs_features=False), "right")
    samples, data = words_with_errors(0.25), in_order()
    found = ganvas.evaluate(samples, data=data, metrics=["right"])
    assert found["right"].value == 0.75 and found.figures[0][1] is not None
    assert found.figures[0][1].value == 1
    # Finished items are the same, in memory or in a file.
    np.savez(tmp_path / "s.npz", sequences=samples.pixels.numpy())
    for given in (samples.pixels, tmp_path / "s.npz"):
        assert ganvas.evaluate(given, data=data, metrics=["right"])["right"].value == 0.75
    with pytest.raises(DataError, match=r"an item has the shape \(3,\), not \(5,\)"):
        ganvas.evaluate(torch.zeros(5, 3, dtype=torch.int64), data=data, metrics=["right"])
    with pytest.raises(UsageError, match="the metric right reads sequences, and these are images"):
        ganvas.evaluate(grey(1), data=grey(2), metrics=["right"])
    with pytest.raises(
        UsageError, match="sliced-wasserstein reads images, and these are sequences"
    ):
        ganvas.evaluate(samples, data=data, metrics=["sliced-wasserstein"])


def test_by_default_all_is_measured_that_reads_the_items_and_needs_no_network() -> None:
    samples, data = words_with_errors(0.25), in_order()
    with pytest.raises(UsageError, match="no feature network here reads sequences: register one"):
        ganvas.evaluate(samples, data=data)
    ganvas.register(Metric(right, reads="tokens", needs_features=False), "right")
    found = ganvas.evaluate(samples, data=data)
    assert [figure.name for figure, _ in found.figures] == ["right"]
    [(names, reason)] = found.skipped.items()
    assert names.startswith("frechet, kid") and "no feature network" in reason


def one_hot(tokens: Tensor) -> Tensor:
    return nn.functional.one_hot(tokens, len(WORDS)).float().flatten(1)


def test_the_one_network_that_reads_the_items_is_taken(tmp_path) -> None:
    ganvas.register(Features(lambda: one_hot, reads="tokens"), "one-hot")
    data = in_order()
    found = ganvas.evaluate(words_with_errors(1), data=data, metrics=["kid", "authenticity"])
    assert found.provenance["features"]["name"] == "one-hot"
    assert found.provenance["features"]["hash"].startswith("sha256:")
    same = ganvas.evaluate(data, data=data, metrics=["kid"])["kid"]
    assert same.value < 0 < found["kid"].value
    assert save_neighbours(found, tmp_path / "pairs.png") and (tmp_path / "pairs.png").is_file()
    with pytest.raises(UsageError, match="digits reads images, and these are sequences"):
        ganvas.evaluate(data, data=data, metrics=["kid"], features="digits")
    with pytest.raises(UsageError, match="one-hot reads sequences, and these are images"):
        ganvas.evaluate(grey(1), data=grey(2), metrics=["kid"], features="one-hot")
    ganvas.register(Features(lambda: one_hot, reads="tokens"), "another")
    with pytest.raises(UsageError, match="several feature networks read sequences: say `features`"):
        ganvas.evaluate(data, data=data, metrics=["kid"])


def test_a_network_of_images_says_how_it_reads_them() -> None:
    def load() -> nn.Module:
        return nn.Sequential(nn.AvgPool2d(4), nn.Flatten())

    ganvas.register(Features(load, channels=3, size=(8, 8)), "pooled")
    found = load_features("pooled")(torch.linspace(-1, 1, 72).view(2, 1, 6, 6))
    assert found.features.shape == (2, 12) and found.logits is None
    assert torch.equal(found.features[:, :4], found.features[:, 4:8])


@dataclass(frozen=True)
class Hours(Domain):
    """Times of a day, kept in minutes, which networks take as a place on a circle."""

    name: ClassVar[str] = "hours"
    noun: ClassVar[str] = "times"
    field: ClassVar[str] = "hours"
    caption: ClassVar[str] = "training times"

    @property
    def shape(self) -> tuple[int]:
        return (2,)

    def words(self) -> str:
        return "of a day"

    def noise(self, count: int, generator: torch.Generator) -> Tensor:
        return torch.randint(0, 1440, (count, 1), generator=generator)

    def to_network(self, stored: Tensor) -> Tensor:
        angle = stored.double() * (2 * torch.pi / 1440)
        return torch.cat([angle.cos(), angle.sin()], 1).float()

    def finish(self, values: Tensor) -> Tensor:
        x, y = super().finish(values).double().unbind(1)
        return (torch.atan2(y, x) * (1440 / (2 * torch.pi))).round().long()[:, None] % 1440

    def sheet(
        self, finished: Tensor, columns: int | None = None, labels: Tensor | None = None
    ) -> Picture:
        return Vector(1).sheet(finished)


@dataclass(frozen=True)
class Circle:
    """Latents to a place on a circle."""

    latent: int = 2

    def build(self, shape: tuple[int, ...]) -> nn.Module:
        return nn.Linear(self.latent, *shape)


def afternoons(samples: FeatureSet, reference: FeatureSet) -> float:
    ours, theirs = ((each.items >= 720).double().mean() for each in (samples, reference))
    return float((ours - theirs).abs())


def times(first: int, count: int) -> Dataset:
    return make_dataset(Hours(), torch.arange(first, first + count)[:, None], name="day")


def test_a_domain_of_ones_own_is_measured_like_any_other(tmp_path) -> None:
    cases.register()
    ganvas.register(Hours)
    ganvas.register(Circle, "circle")
    ganvas.register(Metric(afternoons, reads="hours", needs_features=False), "afternoons")
    ganvas.register(Features(lambda: lambda places: places, reads="hours"), "places")
    found = ganvas.evaluate(times(0, 720), data=times(360, 720), metrics=["afternoons", "frechet"])
    assert found["afternoons"].value == 0.5
    # Half circles, turned by a quarter: their means (2/pi long) are sqrt(2) times that apart, and
    # their covariances diag(a, b) and diag(b, a), whose distance is 2 (sqrt a - sqrt b)^2.
    apart = 2 * (2 / torch.pi) ** 2
    wide = (0.5**0.5 - (0.5 - (2 / torch.pi) ** 2) ** 0.5) ** 2
    assert found["frechet"].value == pytest.approx(apart + 2 * wide, rel=5e-3)
    run = ganvas.train(
        cases.recipe(
            "day",
            1e-2,
            networks={"generator": Circle(), "discriminator": cases.Apart()},
            game=cases.GAN(),
            images=96,
            evaluation=EvaluationSettings(64, "auto", ("afternoons",), 100, "afternoons"),
        ),
        data=times(0, 720),
        out=tmp_path,
    )
    assert run.best is not None and run.best["metric"] == "afternoons"
    measured = ganvas.evaluate(run, data=times(0, 720), metrics=["afternoons"], count=100)
    newest = evaluation_records.newest(run.path)["afternoons"]
    assert measured["afternoons"].value == newest["value"] and newest["images_seen"] == 96
    assert "100 given times of day" not in str(newest) and newest["reference"]["noun"] == "times"


def seasons(images: int, **evaluation: Any):
    settings = EvaluationSettings(every=320, count=64, **evaluation)
    return cases.seasons(images=images, evaluation=settings)


def test_a_metric_of_tokens_is_followed_and_chooses_the_best_also_after_a_kill(tmp_path) -> None:
    cases.register()
    ganvas.register(Metric(right, reads="tokens", needs_features=False), "right")
    recipe = seasons(1920, metrics=("right",), best="right")
    told: list[str] = []
    whole = ganvas.train(
        recipe, data=in_order(), out=tmp_path / "whole", listeners=[lambda e: told.append(e.text)]
    )
    course = {r["images"]: r["metric/right"] for r in whole.log if "metric/right" in r}
    assert whole.best is not None and whole.best["value"] == max(course.values())
    assert any(text.startswith("right 0.") for text in told)
    assert "right" in (whole.path / "report.html").read_text(encoding="utf-8")
    with pytest.raises(Killed):
        ganvas.train(recipe, data=in_order(), out=tmp_path / "cut", listeners=[killed_at(1300)])
    (path,) = (tmp_path / "cut").iterdir()
    again = ganvas.resume(path, data=in_order())
    assert again.best == whole.best
    assert_same_run(path, whole.path)


def test_the_usual_metrics_stop_no_run_on_another_domain(tmp_path) -> None:
    cases.register()
    told: list[str] = []
    run = ganvas.train(
        seasons(96), data=in_order(), out=tmp_path, listeners=[lambda e: told.append(e.text)]
    )
    assert run.best is None and any("no feature network here reads sequences" in t for t in told)
    ganvas.register(Features(lambda: one_hot, reads="tokens"), "one-hot")
    run = ganvas.train(seasons(96, features="one-hot"), data=in_order(), out=tmp_path)
    assert run.best is not None and run.best["metric"] == "frechet"
    few = replace(seasons(96), evaluation=EvaluationSettings(every=320, count=20))
    assert ganvas.train(few, data=in_order(), out=tmp_path).best["metric"] == "kid"


def test_points_have_the_figures_of_their_mixture_and_those_of_ones_own(tmp_path) -> None:
    def left(samples: FeatureSet, reference: FeatureSet) -> float:
        assert samples.items.shape[1:] == (2, 1, 1) and samples.features.shape[1:] == (2,)
        return float((samples.features[:, 0] < 0).double().mean())

    def never(samples: FeatureSet, reference: FeatureSet) -> float:
        raise NotApplicable("it never applies")

    ganvas.register(Metric(left, reads="points"), "left")
    overrides = {"evaluation.metrics": ["left"], "evaluation.count": 50, "threads": 1}
    run = ganvas.train("playground-ring", images=256, out=tmp_path, overrides=overrides)
    assert {"near", "left"} <= evaluation_records.newest(run.path).keys()
    found = ganvas.evaluate(run, count=80)
    points = run.sample(80)
    assert found["left"].value == float((points[:, 0] < 0).double().mean()) and "near" in found
    baseline = {figure.name: baseline for figure, baseline in found.figures}["left"]
    assert baseline is not None and 0.3 < baseline.value < 0.7
    with pytest.raises(UsageError, match="`metrics`: points of a mixture"):
        ganvas.evaluate(run, count=80, metrics=["frechet"])
    ganvas.register(Metric(never, reads="points"), "never")
    with pytest.raises(UsageError, match="it never applies"):
        ganvas.evaluate(run, count=80, metrics=["never"])
    # Other points have no mixture: they are measured like any other items.
    ganvas.register(Features(lambda: lambda x: x.flatten(1), reads="points"), "coordinates")
    cloud = make_dataset(Points(), torch.randn(90, 2, 1, 1), name="cloud")
    assert "kid" in ganvas.evaluate(cloud, data=cloud, metrics=["kid"])


PLUGIN = """
import ganvas
from ganvas.features import Features
from ganvas.metrics.figure import Figure
from ganvas.metrics.metric import Metric


def brightness(samples, reference):
    ours, theirs = (each.items.float().mean() for each in (samples, reference))
    return Figure("brightness", float((ours - theirs).abs()), note="grey levels")


def rows(images):
    return images.mean((1, 3))


ganvas.register(Metric(brightness, reads="image", needs_features=False), "brightness")
ganvas.register(Features(lambda: rows), "rows")
"""


def test_a_plug_ins_metric_and_features_on_the_command_line(tmp_path: Path, capsys) -> None:
    plugin, out = tmp_path / "mine.py", tmp_path / "runs"
    plugin.write_text(PLUGIN)
    words = [
        "train", "tutorial-mnist", "--batch", "16", "--images", "32", "--threads", "1",
        "--generator.width", "4", "--discriminator.width", "4", "--evaluation.count", "100",
        "--plugin", str(plugin), "--evaluation.metrics", "[brightness, kid]",
        "--evaluation.best", "brightness", "--evaluation.features", "rows", "--out", str(out),
    ]  # fmt: skip
    assert main(words) == 0
    (path,) = out.iterdir()
    newest = evaluation_records.newest(path)
    assert newest["kid"]["features"]["name"] == "rows"
    capsys.readouterr()
    asked = ["evaluate", str(path), "--count", "100", "--plugin", str(plugin), "--json"]
    assert main([*asked, "--metrics", "brightness,kid", "--features", f"{plugin}:rows"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert first["metric"] == "brightness" and first["value"] == newest["brightness"]["value"]
    assert second["value"] == newest["kid"]["value"]
    assert second["features"]["hash"] == newest["kid"]["features"]["hash"]
    assert second["features"]["name"] == f"{plugin}:rows"
    assert "brightness" in (path / "report.html").read_text(encoding="utf-8")
