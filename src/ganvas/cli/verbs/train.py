"""``ganvas train``."""

import argparse
from collections.abc import Callable
from typing import Any

from ganvas.cli.main import BEGAN
from ganvas.cli.out_of_memory import memory_explained
from ganvas.cli.training_screen import TrainingScreen
from ganvas.recipes import flat, yaml
from ganvas.recipes.build.choices import choose
from ganvas.store import plugins
from ganvas.store.run import Run
from ganvas.training.interrupt import EXIT_CODES
from ganvas.training.resolve import resolve, without_auto
from ganvas.training.session import Stopped
from ganvas.training.train import train

NAMED = ("images", "minutes", "batch", "seed", "device", "precision", "compile")
"""Settings that have an option of their own."""


def execute(options: argparse.Namespace) -> int:
    """Train; returns the exit code."""
    overrides = dict(options.overrides)
    given = {name: getattr(options, name) for name in NAMED}
    given["data.channels"] = options.channels
    overrides.update({name: value for name, value in given.items() if value is not None})
    if options.dry_run:
        return _dry_run(options, overrides)
    return on_screen(
        lambda screen: train(
            options.recipe,
            data=data_of(options),
            out=options.out,
            name=options.name,
            plugin=options.plugin,
            start=options.start,
            overrides=overrides,
            listeners=[screen.listen],
            progress=screen.reading,
            began=BEGAN,
        )
    )


def data_of(options: argparse.Namespace) -> dict[str, str]:
    """What to train on, by the names of the sources."""
    usual = {} if options.data is None else {"train": options.data}
    return usual | options.sources


def _dry_run(options: argparse.Namespace, overrides: dict[str, Any]) -> int:
    """Print the recipe that would be trained."""
    plugins.load(options.plugin)
    overrides, auto = without_auto(overrides)
    recipe = resolve(options.recipe, data_of(options), overrides, options.start)
    choices = choose(recipe)
    print(yaml.write(flat.to_plain(recipe)), end="")
    print(f"# here, by rule: {choices.words()}; a short trial may choose otherwise")
    if auto:
        print("# batch and accumulate will be what suits this machine")
    return 0


def on_screen(play: Callable[[TrainingScreen], Run]) -> int:
    """Play a run whose events the screen shows; returns the exit code."""
    with TrainingScreen() as screen:
        try:
            with memory_explained():
                run = play(screen)
            code = 0
        except Stopped as stopped:
            run, code = stopped.run, EXIT_CODES[stopped.signal]
    screen.conclude(run, stopped=code != 0)
    return code
