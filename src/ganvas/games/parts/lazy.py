"""Moves that are not of every round, with steps of their own (Karras et al. 2020, appendix B)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ganvas.engine.game import Move
from ganvas.engine.player import Player

Group = tuple[Move, ...]


def step_apart(groups: Sequence[Group], players: Mapping[str, Player]) -> list[Group]:
    """Groups in which each move that is not of every round steps apart.

    The numbers of the players' optimisers are corrected for these steps, in place.
    """
    groups = [tuple(replace(move, apart=move.every > 1) for move in group) for group in groups]
    for name, player in players.items():
        moves = [move for group in groups for move in group if name in move.players]
        player.add_steps(move.every for move in moves if move.apart)
    return groups
