"""Heads of discriminators: from features to scores, with conditions [N, K] where there are any."""

import math

from torch import Tensor, nn

from ganvas.networks.layers.equalised import EqualLinear
from ganvas.networks.protocols import Conditioned, ScoresAndLogits


class Projection(Conditioned):
    """A linear score of features [N, D] plus their product with the embedded conditions: [N].

    Miyato & Koyama 2018, eq. 3.
    """

    def __init__(self, features: int, conditions: int) -> None:
        super().__init__()
        self.score = nn.Linear(features, 1)
        self.embed = nn.Linear(conditions, features, bias=False)

    def forward(self, input: Tensor, conditions: Tensor) -> Tensor:
        """Features [N, D] and conditions [N, K] to scores [N]."""
        return self.score(input).squeeze(1) + (self.embed(conditions) * input).sum(1)


class Classify(nn.Module):
    """A linear score of features [N, D], and logits of K conditions: an auxiliary classifier.

    Odena et al. 2017, section 3.
    """

    classifies = True

    def __init__(self, features: int, conditions: int) -> None:
        super().__init__()
        self.score = nn.Linear(features, 1)
        self.read = nn.Linear(features, conditions)

    def forward(self, input: Tensor) -> ScoresAndLogits:
        """Features [N, D] to scores [N] and logits [N, K], both unbounded."""
        return ScoresAndLogits(self.score(input).squeeze(1), self.read(input))


class EqualProjection(Conditioned):
    """A discriminator of a ``body``, whose features [N, D] get a linear score and, where there are
    conditions, their product with the embedded conditions, divided by sqrt(D).

    Miyato & Koyama 2018, eq. 3, with layers of an equalised learning rate as in StyleGAN2.

    Args:
        body: images to features [N, D].
        features: D.
        conditions: K, or 0 for none.
    """

    def __init__(self, body: nn.Module, features: int, conditions: int = 0) -> None:
        super().__init__()
        self.body = body
        self.score = EqualLinear(features, 1)
        self.embed = EqualLinear(conditions, features, bias=False) if conditions else None
        self.root = math.sqrt(features)

    def forward(self, images: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Images [N, C, H, W], and conditions [N, K] where there are any, to scores [N]."""
        features = self.body(images)
        scores = self.score(features).squeeze(1)
        if self.embed is None:
            return scores
        return scores + (self.embed(conditions) * features).sum(1) / self.root
