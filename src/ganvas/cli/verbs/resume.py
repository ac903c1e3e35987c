"""``ganvas resume``."""

import argparse

from ganvas.cli.main import BEGAN
from ganvas.cli.verbs.train import data_of, on_screen
from ganvas.training.resume import resume


def execute(options: argparse.Namespace) -> int:
    """Continue a run; returns the exit code."""
    return on_screen(
        lambda screen: resume(
            options.run,
            data=data_of(options),
            images=options.images,
            minutes=options.minutes,
            new_data=options.new_data,
            device=options.device,
            plugin=options.plugin,
            accept_changed_plugin=options.accept_changed_plugin,
            listeners=[screen.listen, *options.listener],
            loggers=options.logger,
            progress=screen.reading,
            show=False,  # it has a screen
            began=BEGAN,
        )
    )
