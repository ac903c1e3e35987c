"""All that a session needs before its first round: data, batch, conditions, choices. Made once."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch

from ganvas.data import Dataset
from ganvas.engine.device import Device, choose_device
from ganvas.recipes.build.batch import Datasets, check_batch, with_fewer
from ganvas.recipes.build.choices import choose
from ganvas.recipes.build.data import load_sources
from ganvas.recipes.build.prepared import Prepared, conditions_of
from ganvas.recipes.check.check import check_own_parts
from ganvas.recipes.recipe import Recipe
from ganvas.store.run import Run
from ganvas.training.going_on import check_conditions, check_new_batch
from ganvas.training.resolve import check_known, place_of
from ganvas.trial.batch_size import fit_batch
from ganvas.trial.choose import try_out

Tell = Callable[[str], None]
"""Called with a sentence where something was chosen."""

BatchRule = Literal["as given", "fewer", "auto"]
"""What to do about the recipe's batch: take it; take fewer where there are fewer images; or find
one that suits this machine."""


def prepare(
    recipe: Recipe,
    given: Mapping[str, Any],
    batch: BatchRule,
    tell: Tell,
    progress: Any = None,
) -> Prepared:
    """A new run's recipe with all that this machine and its data make of it.

    Args:
        recipe: as it was resolved.
        given: items in memory to train on, by the name of their source; the recipe names others.
        batch: what to do about its batch.
        tell: called with a sentence where something was chosen.
        progress: called with (done, total) while data is read.

    Raises:
        UserError: data that cannot be read or used, a part of the user's own that cannot be
            trained, or a device that is not there.
    """
    choose(recipe)  # raises where a device cannot be had here, before data is read
    datasets = load_sources(recipe, given, progress)
    for dataset in datasets.values():
        tell(dataset.words())
    conditions = conditions_of(recipe, datasets[recipe.game.sources[0]])
    warnings = check_own_parts(recipe, datasets, conditions)
    recipe = _with_batch(recipe, datasets, batch, tell)
    choices = try_out(recipe, datasets, tell=tell)
    return Prepared(recipe, datasets, conditions, choices, given, tuple(warnings))


def prepare_again(
    old: Run,
    recipe: Recipe,
    given: Mapping[str, Any],
    device: Device | None,
    tell: Tell,
    progress: Any = None,
    *,
    new_data: bool = False,
) -> Prepared:
    """The same for a run that goes on: its images, its conditions, and its choices if it goes on
    where it was.

    Args:
        old: the run.
        recipe: by which it goes on.
        given: its items in memory, or where they lie now, by the name of their source; others are
            taken from where they were.
        device: where to go on; None for where it was.
        tell, progress: as for ``prepare``.
        new_data: whether other images than the run's own will do.

    Raises:
        DataError: the images are not the run's, or new ones do not fit it.
        UserError: as ``prepare``.
    """
    was: Any = torch.device(old.record.choices.device).type
    here = choose_device(was if device is None else device).type
    check_known(given, recipe)
    datasets = {
        name: _items_again(old, recipe, name, given.get(name), new_data, progress)
        for name in recipe.sources
    }
    main = datasets[recipe.game.sources[0]]
    if new_data:
        check_conditions(old, conditions_of(recipe, main))
    recipe = _with_places(recipe, given)
    conditions = old.conditions or conditions_of(recipe, main)
    warnings = check_own_parts(recipe, datasets, conditions) if old.changes else []
    choices = old.record.choices
    if here != was:
        graphs = recipe.compile if here == "cuda" else None
        choices = try_out(replace(recipe, device=here, compile=graphs), datasets, tell=tell)
    return Prepared(recipe, datasets, conditions, choices, given, tuple(warnings))


def _with_places(recipe: Recipe, given: Mapping[str, Any]) -> Recipe:
    """The recipe with new places of its sources: where they lie now, they will be sought."""
    moved = {
        name: replace(recipe.sources[name], source=place_of(place))
        for name, place in given.items()
        if isinstance(place, str | Path)
    }
    return replace(recipe, sources={**recipe.sources, **moved})


def _with_batch(recipe: Recipe, datasets: Datasets, rule: BatchRule, tell: Tell) -> Recipe:
    if rule == "as given":
        check_batch(recipe, datasets)
        return recipe
    if rule == "auto":
        tell("finding a batch that suits this machine")
    fit = fit_batch if rule == "auto" else with_fewer
    recipe, why = fit(recipe, datasets)
    if why:
        tell(why)
    return recipe


def _items_again(
    old: Run, recipe: Recipe, source: str, given: Any, new_data: bool, progress: Any
) -> Dataset:
    """The run's own items of a source, numbered as they were then; or new ones that it can go on
    with."""
    dataset = old.load_source(source, given, progress)
    if not new_data:
        return old.record.check_data(dataset, source)
    check_new_batch(recipe, dataset, old.path)
    return dataset
