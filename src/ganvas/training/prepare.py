"""All that a session needs before its first round: data, batch, conditions, choices. Made once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch

from ganvas.data import Dataset
from ganvas.engine.device import Device, choose_device
from ganvas.errors import UsageError
from ganvas.recipes.build.batch import check_batch, with_fewer
from ganvas.recipes.build.choices import choose
from ganvas.recipes.build.data import load_data
from ganvas.recipes.build.prepared import Prepared, conditions_of
from ganvas.recipes.recipe import Recipe
from ganvas.store.run import IN_MEMORY, Run
from ganvas.training.going_on import check_conditions, check_new_batch
from ganvas.training.resolve import place_of
from ganvas.trial.batch_size import fit_batch
from ganvas.trial.choose import try_out

Tell = Callable[[str], None]
"""Called with a sentence where something was chosen."""

BatchRule = Literal["as given", "fewer", "auto"]
"""What to do about the recipe's batch: take it; take fewer where there are fewer images; or find
one that suits this machine."""


def prepare(
    recipe: Recipe,
    source: Any,
    batch: BatchRule,
    tell: Tell,
    progress: Any = None,
) -> Prepared:
    """A new run's recipe with all that this machine and its data make of it.

    Args:
        recipe: as it was resolved.
        source: images in memory to train on, where they were given; None takes the recipe's own.
        batch: what to do about its batch.
        tell: called with a sentence where something was chosen.
        progress: called with (done, total) while data is read.

    Raises:
        UserError: data that cannot be read or used, or a device that is not there.
    """
    choose(recipe)  # raises where a device cannot be had here, before data is read
    dataset = load_data(recipe.data, source, progress)
    tell(dataset.words())
    recipe = _with_batch(recipe, dataset, batch, tell)
    conditions = conditions_of(recipe, dataset)
    choices = try_out(recipe, dataset, tell=tell)
    return Prepared(recipe, dataset, conditions, choices, source)


def prepare_again(
    old: Run,
    recipe: Recipe,
    data: Any,
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
        data: its images in memory, or where they lie now; None takes them from where they were.
        device: where to go on; None for where it was.
        tell, progress: as for ``prepare``.
        new_data: whether other images than the run's own will do.

    Raises:
        DataError: the images are not the run's, or new ones do not fit it.
        UserError: as ``prepare``.
    """
    was: Any = torch.device(old.record.choices.device).type
    here = choose_device(was if device is None else device).type
    dataset = _images_again(old, recipe, data, new_data=new_data, progress=progress)
    if isinstance(data, str | Path):  # where they lie now is where they will be sought
        recipe = _with_place(recipe, place_of(data))
    conditions = old.conditions or conditions_of(recipe, dataset)
    choices = old.record.choices
    if here != was:
        graphs = recipe.compile if here == "cuda" else None
        choices = try_out(replace(recipe, device=here, compile=graphs), dataset, tell=tell)
    return Prepared(recipe, dataset, conditions, choices, data)


def _with_place(recipe: Recipe, place: str) -> Recipe:
    """The recipe with another place of its main source."""
    main = recipe.game.sources[0]
    moved = replace(recipe.data, source=place)
    return replace(recipe, sources={**recipe.sources, main: moved})


def _with_batch(recipe: Recipe, dataset: Dataset, rule: BatchRule, tell: Tell) -> Recipe:
    if rule == "as given":
        check_batch(recipe, dataset)
        return recipe
    if rule == "auto":
        tell("finding a batch that suits this machine")
    fit = fit_batch if rule == "auto" else with_fewer
    recipe, why = fit(recipe, dataset)
    if why:
        tell(why)
    return recipe


def _images_again(old: Run, recipe: Recipe, data: Any, *, new_data: bool, progress: Any) -> Dataset:
    """The run's own images, numbered as they were then; or new ones that it can go on with."""
    if recipe.data.source == IN_MEMORY and data is None:
        raise UsageError("this run was trained on images in memory: give them again as data=")
    if data is None:
        old.check_place()
    settings = replace(recipe.data, **old.domain.reading())
    dataset = load_data(settings, data, progress)
    if not new_data:
        return old.record.check_data(dataset)
    check_conditions(old, conditions_of(recipe, dataset))
    check_new_batch(recipe, dataset, old.path)
    return dataset
