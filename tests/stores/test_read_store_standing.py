"""Where documents stand is asked in steps: one that changes meanwhile is not judged, all others are."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from projector.contributions import places_of
from read_store import Connection, Document, ReadModelDamaged, StandingOf
from read_store.standing import check_standing
from tests import accounts
from tests.postgres_server import LogDatabase
from tests.stores import damage
from tests.stores.projector_world import World, a_world, running
from tests.valkey_server import TestValkey


class _Interrupted:
    """A connection on which a write comes between the first command and all others."""

    def __init__(self, connection: Connection, world: World, *, is_told: bool) -> None:
        self._connection = connection
        self._world = world
        self._is_told = is_told
        self._first: tuple[Any, asyncio.Future[Any]] | None = None
        self._written: asyncio.Future[None] | None = None

    def send(self, *arguments: Any) -> asyncio.Future[Any]:
        if self._first is None:
            self._first = arguments, self._connection.send(*arguments)
            self._written = asyncio.ensure_future(self._write())
            return self._first[1]
        if arguments == self._first[0] and not self._is_told:
            return self._first[1]
        return asyncio.ensure_future(self._send(arguments))

    async def _write(self) -> None:
        assert self._first is not None
        await self._first[1]
        await self._world.log.append(("x", accounts.CentsMoved(cents=7)))
        await self._world.caught_up()

    async def _send(self, arguments: tuple[Any, ...]) -> Any:
        assert self._written is not None
        await self._written
        return await self._connection.send(*arguments)


@pytest.fixture
async def world(log_database: LogDatabase, valkey: TestValkey) -> AsyncIterator[World]:
    """Two accounts, folded by a runner."""
    async with a_world(log_database, valkey) as made:
        for id_, owner in (("x", "Zoe"), ("y", "Yves")):
            await made.log.append((id_, accounts.AccountOpened(account_id=id_, owner=owner, cents=2_000)))
        async with running(made):
            await made.caught_up()
            yield made


@pytest.fixture
async def connection(valkey: TestValkey) -> AsyncIterator[Connection]:
    opened = Connection(valkey.projector_url)
    await opened.open()
    yield opened
    await opened.close()


def _keys(world: World) -> str:
    return f"diptych:{{{world.name}:0}}:g1:"


async def _standing(world: World, id_: str) -> StandingOf:
    row = (await world.reader.read_one(world.name, Document(view="account", id=id_)))[1]
    assert row is not None
    (model,) = accounts.projection(world.name).read_models
    scores, texts = places_of(model, model.view.FromString(row.message))
    return StandingOf(id=id_, position=row.position, scores=scores, texts=texts)


@pytest.mark.parametrize(
    "done",
    [
        damage.member_moved("i:cents", "y"),
        damage.member_removed("i:rich", "y"),
        damage.member_removed("x:owner:terms", "yves"),
        damage.deleted("x:owner:e:3b1fe340dba76bf37270abad774f327f50b5e1d8"),
    ],
)
async def test_a_document_out_of_one_place_is_named(
    world: World, connection: Connection, done: damage.Damage
) -> None:
    documents = [await _standing(world, id_) for id_ in "xy"]
    await check_standing(connection, _keys(world), "account", documents)
    await damage.do(world.valkey, done, _keys(world))
    with pytest.raises(ReadModelDamaged, match="document account y"):
        await check_standing(connection, _keys(world), "account", documents)


async def test_one_that_changed_before_is_not_judged(world: World, connection: Connection) -> None:
    before = await _standing(world, "x")
    await world.log.append(("x", accounts.CentsMoved(cents=7)))
    await world.caught_up()
    await check_standing(connection, _keys(world), "account", [before])
    as_if_not = replace(before, position=(await _standing(world, "x")).position)
    with pytest.raises(ReadModelDamaged):
        await check_standing(connection, _keys(world), "account", [as_if_not])


@pytest.mark.parametrize("is_told", [True, False])
async def test_one_that_changes_meanwhile_is_not_judged(
    world: World, connection: Connection, is_told: bool
) -> None:
    """In the sabotaged twin nobody asks a second time for its last change."""
    documents = [await _standing(world, id_) for id_ in "xy"]
    interrupted: Any = _Interrupted(connection, world, is_told=is_told)
    checking = check_standing(interrupted, _keys(world), "account", documents)
    if is_told:
        await checking
        return
    with pytest.raises(ReadModelDamaged, match="document account x"):
        await checking
