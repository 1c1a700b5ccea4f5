"""Circles in the worst of worlds: servers that lose, repeat, mix up, part, die, come back old, and lie.

Each seed is one world.  `SIMULATED_WORLDS` says how many are lived through (the first so many; 300 take some seconds), `SIMULATED_FROM` where
to begin.  A world in which an invariant breaks tells its story.
"""

import os

import pytest

from tests.simulation.invariants import Broken, Watch
from tests.simulation.world import World

FIRST = int(os.environ.get("SIMULATED_FROM", "0"))
WORLDS = int(os.environ.get("SIMULATED_WORLDS", "300"))
STEPS = 60


def lived(seed: int) -> World:
    """A world, from its founding to its healing, looked at after every step."""
    world = World(seed)
    try:
        watch = Watch(world)
        for _ in range(STEPS):
            world.step()
            watch.after_step()
        world.heal()
        watch.after_healing()
    except Broken as broken:
        pytest.fail(f"{world.retold()}\n{broken}", pytrace=False)
    return world


@pytest.mark.parametrize("first", range(FIRST, FIRST + WORLDS, 25))
def test_every_world_keeps_the_invariants(first: int) -> None:
    for seed in range(first, min(first + 25, FIRST + WORLDS)):
        lived(seed)
