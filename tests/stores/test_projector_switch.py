"""A switch of generations takes nobody back in time, nor a walk through two of them; with sabotaged twins."""

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from projector.generations import open_beside
from projector.projection import Projection
from read_store import (
    LIBRARY,
    GenerationBehind,
    Library,
    Page,
    ReadModelWriter,
    ReadStore,
    compose,
    read_sources,
)
from tests import accounts
from tests.postgres_server import LogDatabase
from tests.stores.projector_world import World, a_world, running
from tests.valkey_server import TestValkey
from tests.waiting import eventually


@pytest.fixture
async def world(log_database: LogDatabase, valkey: TestValkey) -> AsyncIterator[World]:
    """A log of many accounts, no read models."""
    async with a_world(log_database, valkey) as made:
        await made.log.append_random(random.Random(1), 300)  # noqa: S311 - a test's choices
        yield made


async def _is_generation(world: World, generation: int) -> bool:
    return (await world.reader.checkpoint(world.name)).generation == generation


# The store's function without its look at how far the new generation is.
_UNGUARDED = compose(
    read_sources().replace("elseif tonumber(own[2]) < tonumber(old[2]) then", "elseif false then")
)


@pytest.mark.parametrize("library", [LIBRARY, _UNGUARDED])
async def test_readers_never_go_back_by_a_switch(world: World, library: Library) -> None:
    """With its sabotaged twin: an operator switches too early."""
    async with running(world):
        await world.assert_equal_sums()
    operator = ReadModelWriter(world.valkey.projector_url, world.name, library=library)
    await operator.open()
    projection = accounts.projection(world.name)
    generation = await open_beside(projection, world.event_log, operator, activates=False, reason="test")
    if library is LIBRARY:
        with pytest.raises(GenerationBehind):
            await operator.generations.switch(generation)
        assert (await world.reader.checkpoint(world.name)).position == world.log.position
    else:
        await operator.generations.switch(generation)
        assert (await world.reader.checkpoint(world.name)).position == 0
    await operator.close()


# The store's function without its look at the generation that a caller has begun with.
_FORGETFUL = compose(read_sources().replace("is_kept(root, argv[2]) and argv[2] or live", "live"))


@pytest.mark.parametrize("library", [LIBRARY, _FORGETFUL])
async def test_a_walk_goes_on_in_the_generation_that_it_began_in(world: World, library: Library) -> None:
    """With its sabotaged twin: the other version has the accounts in the opposite order, so that a walk
    through both of them meets some twice and others never."""
    reader = ReadStore(world.valkey.reader_url, library=library)
    await reader.open()
    loading = ReadModelWriter(world.valkey.projector_url, world.name, library=library)
    await loading.open()
    await loading.close()
    async with running(world):
        await world.assert_equal_sums()
    ids = await _walk(reader, world, 10)
    async with running(world, _mirrored(world)):
        await eventually(lambda: _is_generation(world, 2))
        await world.caught_up()
        rest = await _walk(reader, world, 1_000, after=ids[-1], begun_with=1)
    await reader.close()
    walked = [id_ for _, id_ in (*ids, *rest)]
    everything = sorted(world.log.known)
    assert (sorted(walked) == everything) is (library is LIBRARY)


def _mirrored(world: World) -> Projection:
    [model] = accounts.projection(world.name).read_models

    def indexes(view: Any) -> Any:
        places: Any = accounts.indexes(view)
        return [(name, -place if name == "cents" else place) for name, place in places]

    return Projection(
        name=world.name, version=2, read_models=(replace(model, indexes=indexes),), events=accounts.EVENTS
    )


async def _walk(
    reader: ReadStore, world: World, limit: int, *, after: Any = None, begun_with: int = 0
) -> list[tuple[int, str]]:
    page = Page(view="account", indexes=("cents",), limit=limit, after=after)
    rows = (await reader.read(world.name, (page,), begun_with=begun_with)).results[0].rows
    return [(row.score, row.id) for row in rows]
