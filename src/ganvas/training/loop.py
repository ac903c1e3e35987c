"""The loop: rounds until the end of a run, and what is due between them.

It decides by the clock of images seen; ``RunWriter`` writes what is due.
"""

from ganvas.engine.engine import Engine
from ganvas.errors import UserError
from ganvas.store import control
from ganvas.training import stopwatch
from ganvas.training.evaluator import Evaluator
from ganvas.training.interrupt import REQUEST, Interrupt
from ganvas.training.promise import Promise
from ganvas.training.run_pictures import sampling_network
from ganvas.training.writer import RunWriter

SAFE = 240.0
"""Seconds after which a checkpoint is saved whatever the recipe says: a power cut costs no more."""


class Loop:
    """Plays one session of a run.

    Args:
        engine: at the clock from which to go on.
        writer: of the same engine.
        evaluator: evaluates the generator now and then; None measures nothing.
    """

    def __init__(self, engine: Engine, writer: RunWriter, evaluator: Evaluator | None) -> None:
        self.engine = engine
        self.writer = writer
        self.evaluator = evaluator

    def play(self, deadline: float | None, asked: Interrupt) -> None:
        """Play until the recipe's images are seen, the deadline, a signal, or a request to stop.

        Args:
            deadline: ``time.monotonic()`` at which to stop; None sets no limit.
            asked: knows of a signal that asks to stop, as soon as one has come; a request of
                another process to stop is put there.

        Raises:
            NonFinite: a loss stopped being finite; the last checkpoint is from before that.
        """
        engine, writer = self.engine, self.writer
        try:
            self._begin()
            start, promise = engine.images, self._promise(deadline)
            while engine.images < writer.total and asked.signal is None:
                if engine.images > start and self._is_late(deadline):
                    break
                before = engine.images
                engine.round()
                self._after_round(before)
                if promise is not None and promise.is_due(stopwatch.now()):
                    self._fit_minutes(promise, engine.images - before)
                    promise = None
                if writer.news.beat():
                    self._obey(asked)
            writer.save()
            writer.warn_slower()
            if asked.signal is None and (engine.images > start or not writer.has_evaluation()):
                self._evaluate(passing=True)
        finally:
            writer.close()
        writer.news.ended()

    def _begin(self) -> None:
        """Save the very start too, so that a run killed at any moment can be resumed."""
        writer, is_start = self.writer, self.engine.images == 0
        if is_start and not writer.has_samples():
            writer.sample()
        if is_start and not writer.has_log():
            self._evaluate()
        if not writer.has_checkpoint():
            writer.save()
        writer.stopwatch.start(self.engine.images)
        writer.news.show("training")

    def _after_round(self, before: int) -> None:
        """Have written what was due since the clock stood at ``before``."""
        writer, every, clock = self.writer, self.writer.recipe.every, self.engine.images

        def is_due(interval: int) -> bool:
            return clock // interval > before // interval

        if is_due(every.log):
            writer.log()
        if is_due(every.samples):
            writer.sample()
        if self.evaluator is not None and is_due(self.evaluator.settings.every):
            self._evaluate()
        if is_due(every.checkpoint):
            writer.save()
        elif writer.stopwatch.since_saved() >= SAFE:
            writer.save(passing=True)

    def _obey(self, asked: Interrupt) -> None:
        """Do what another process has asked for since the last beat, if anything. Nothing of it
        changes what the run becomes."""
        try:
            request = control.take(self.writer.path)
            if request is not None:
                self.writer.news.asked(request)
                self._fulfil(request.do, asked)
        except UserError as error:  # what others ask for ends no run
            self.writer.warn([str(error)])

    def _fulfil(self, do: str, asked: Interrupt) -> None:
        if do == "stop":
            asked.signal = asked.signal or REQUEST
        elif do == "save":
            self.writer.save(passing=True)
        elif do == "sample":
            self.writer.sample(passing=True)
        elif self.evaluator is None:
            raise UserError("this run is not evaluated while it trains: use `ganvas evaluate`")
        else:
            self._evaluate(passing=True)

    def _evaluate(self, *, passing: bool = False) -> None:
        """Evaluate.

        passing: the log and the best do not know of it. They know the recipe's own clocks alone,
            not where somebody asked, or where a run that may be extended happened to end.
        """
        evaluator, writer, images = self.evaluator, self.writer, self.engine.images
        if evaluator is None or evaluator.clock == images:
            return
        with writer.news.evaluating(), writer.stopwatch.evaluation():
            network = sampling_network(self.engine, writer.recipe)
            found = evaluator.evaluate(network, images, str(writer.path))
        writer.evaluated(found, log=not passing)
        if not passing and evaluator.is_better(found, writer.best):
            writer.best = evaluator.summary(found)
            writer.save()

    def _promise(self, deadline: float | None) -> Promise | None:
        """What a run is held to that has yet to fit its minutes."""
        if deadline is None or not self.writer.recipe.fit_minutes:
            return None
        return Promise(stopwatch.now(), deadline - self._reserve(), self.engine.images)

    def _fit_minutes(self, promise: Promise, step: int) -> None:
        """Fix the total, in whole rounds of ``step`` images, and the end of what ends with it;
        have both written down before anything else is played."""
        images, writer = self.engine.images, self.writer
        evaluator = self.evaluator
        pause = self._reserve() / evaluator.settings.every if evaluator is not None else 0.0
        evaluating = writer.stopwatch.evaluating
        total = promise.total(stopwatch.now(), images, evaluating=evaluating, pause=pause)
        total = min(total - (total - images) % step, writer.recipe.images)
        self.engine.move_ends(writer.recipe.images, total)
        writer.end_with(total)

    def _is_late(self, deadline: float | None) -> bool:
        return deadline is not None and stopwatch.now() >= deadline - self._reserve()

    def _reserve(self) -> float:
        """Seconds that the evaluation at the end will take."""
        return 0.0 if self.evaluator is None else self.writer.stopwatch.longest_evaluation
