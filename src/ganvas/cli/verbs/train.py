"""``ganvas train``."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ganvas.cli.main import BEGAN
from ganvas.cli.out_of_memory import memory_explained
from ganvas.cli.wording import worded
from ganvas.errors import UsageError
from ganvas.recipes import flat, yaml
from ganvas.recipes.build.choices import choose
from ganvas.screen.hints import call
from ganvas.screen.training_screen import TrainingScreen
from ganvas.store.own import plugins
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
    overrides.update({name: value for name, value in given.items() if value is not None})
    channels = options.channels
    if channels is not None and overrides.setdefault("data.channels", channels) != channels:
        raise UsageError(f"--channels {channels} and --data.channels are two values: say one")
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
            listeners=[screen.listen, *options.listener],
            loggers=options.logger,
            progress=screen.reading,
            show=False,  # it has a screen
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
    with TrainingScreen(worded, _draw_more) as screen, memory_explained():
        try:
            play(screen)
        except Stopped as stopped:
            return EXIT_CODES[stopped.signal]
    return 0


def _draw_more(path: Path) -> str:
    return call("sample", path, out="grid.png")
