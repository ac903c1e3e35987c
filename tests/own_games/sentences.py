"""Sentences of tokens: a policy that is told by a discriminator what its choices were worth.

SeqGAN (Yu et al. 2017): the reward of a token is the mean score of sentences that begin with it,
completed by an earlier policy; it is no derivative of anything.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import ganvas
from ganvas.extend import (
    Dataset,
    DiscriminatorSettings,
    Game,
    GameSettings,
    GameSetup,
    GeneratorSettings,
    Hook,
    Move,
    Outcome,
    Phase,
    Result,
    Tokens,
    Turn,
    make_dataset,
)

WORDS = ("spring", "summer", "autumn", "winter")
LENGTH = 5


@dataclass(frozen=True)
class Policy:
    """What comes next, by what came last.

    latent: a number for each word of each place: they decide every choice.
    """

    latent: int = LENGTH * len(WORDS)

    def build(self, shape: tuple[int, ...]) -> nn.Module:
        return Bigrams()


class Bigrams(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.next = nn.Parameter(torch.zeros(len(WORDS) + 1, len(WORDS)))

    def logits(self, tokens: Tensor) -> Tensor:
        """Of each token of [N, L] after the one before: [N, L, V]."""
        before = F.pad(tokens[:, :-1], (1, 0), value=len(WORDS))
        return self.next[before]

    def continued(self, prefix: Tensor, latents: Tensor) -> Tensor:
        """Prefixes [N, l], completed to [N, L]: latents are normal, Gumbel noise once turned."""
        uniform = torch.special.ndtr(latents.view(-1, LENGTH, len(WORDS))).clamp(1e-6, 1 - 1e-6)
        noise = -(-uniform.log()).log()
        tokens = F.pad(prefix, (0, LENGTH - prefix.shape[1]))
        for place in range(prefix.shape[1], LENGTH):
            choice = (self.logits(tokens)[:, place] + noise[:, place]).argmax(1)
            tokens = torch.cat([tokens[:, :place], choice[:, None], tokens[:, place + 1 :]], 1)
        return tokens

    def forward(self, latents: Tensor) -> Tensor:
        """Latents [N, L V] to tokens int64 [N, L]."""
        nothing = latents.new_zeros(len(latents), 0, dtype=torch.int64)
        return self.continued(nothing, latents)


@dataclass(frozen=True)
class Reader:
    """A score of how the words of a sentence follow each other."""

    width: int = 32

    def build(self, shape: tuple[int, ...]) -> nn.Module:
        pairs = nn.Conv1d(len(WORDS), self.width, 2)
        return nn.Sequential(OneHot(), pairs, nn.LeakyReLU(0.2), Mean(), nn.Linear(self.width, 1))


class OneHot(nn.Module):
    def forward(self, tokens: Tensor) -> Tensor:
        return F.one_hot(tokens, len(WORDS)).float().transpose(1, 2)


class Mean(nn.Module):
    def forward(self, maps: Tensor) -> Tensor:
        return maps.mean(2)


@dataclass(frozen=True)
class PolicyGradient(GameSettings):
    """REINFORCE with a running mean as baseline."""

    def build(self, setup: GameSetup) -> Game:
        state = {"baseline": torch.zeros((), device=setup.device)}

        def written(turn: Turn) -> Tensor:
            with torch.no_grad():
                return turn.networks["generator"](turn.draw.normal("latent", setup.latent))

        def scores(turn: Turn, tokens: Tensor) -> Tensor:
            return turn.networks["discriminator"](tokens).flatten()

        def discriminator_loss(turn: Turn) -> Result:
            real, fake = scores(turn, turn.batch()["tokens"]), scores(turn, written(turn))
            return Result(F.softplus(-real) + F.softplus(fake))

        @torch.no_grad()
        def rewards(turn: Turn, tokens: Tensor) -> Tensor:
            lagged: Bigrams = turn.averages["generator"]  # pyright: ignore[reportAssignmentType]
            found = []
            for place in range(1, LENGTH + 1):
                latents = turn.draw.normal(f"rollout.{place}", setup.latent)
                whole = lagged.continued(tokens[:, :place], latents)
                found.append(scores(turn, whole).sigmoid())
            return torch.stack(found, 1)

        def generator_loss(turn: Turn) -> Result:
            policy: Bigrams = turn.networks["generator"]  # pyright: ignore[reportAssignmentType]
            tokens = written(turn)
            chosen = policy.logits(tokens).log_softmax(2).gather(2, tokens[:, :, None])[:, :, 0]
            reward = rewards(turn, tokens)
            loss = -(chosen * (reward - turn.state["baseline"])).mean(1)
            return Result(loss, {"reward": reward.mean(1)}, {"reward": reward})

        def follow(outcome: Outcome) -> None:
            state["baseline"].lerp_(outcome.observed["reward"].mean(), 0.1)

        groups = [
            (Move("discriminator", ("discriminator",), discriminator_loss),),
            (Move("generator", ("generator",), generator_loss),),
        ]
        return Game(setup.both_players(), [Phase(groups)], state, hooks=[Hook(follow)])


def register() -> None:
    """What a plug-in does at its end."""
    ganvas.register(Policy, "policy", family=GeneratorSettings)
    ganvas.register(Reader, "reader", family=DiscriminatorSettings)
    ganvas.register(PolicyGradient)


def in_order(count: int = 256) -> Dataset:
    """Seasons as they follow each other, from any of them on."""
    first = torch.arange(count)[:, None] % len(WORDS)
    tokens = (first + torch.arange(LENGTH)) % len(WORDS)
    return make_dataset(Tokens(LENGTH, WORDS), tokens, None, (), "seasons")


def right_share(tokens: Tensor) -> float:
    """How often a season is followed by the next one, in sentences int64 [N, L]."""
    return ((tokens[:, 1:] - tokens[:, :-1]) % len(WORDS) == 1).float().mean().item()
