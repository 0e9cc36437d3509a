"""Any story of any domain, written to the real store in any batches, each of them twice."""

import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from event_store import LogPage, StoredEvent
from projector.app import PROJECTIONS
from projector.applying import batch_of
from projector.folding import Folder
from projector.projection import Projection
from read_store import LIBRARY, CheckpointMoved, Library, ReadModelWriter, TallyRefused, compose, read_sources
from tests.faults.checker.read_dump import ReadDump, read_dump
from tests.order_events import WrittenLog
from tests.properties.laws_of_read_models import domain_of, log_of
from tests.properties.profile import seeds
from tests.properties.stories import story_of
from tests.specs.projections.folded import cuts, read_side
from tests.valkey_server import TestValkey

_EACH_PROJECTION = pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)
_COMMANDS = 250
_LEASE_SECONDS = 300.0
_COMPARE = "if stored[1] ~= epoch or stored[2] ~= position then"
_numbers = itertools.count(1)


@dataclass(slots=True)
class _Store:
    """An empty generation of a projection under a name of its own."""

    name: str
    writer: ReadModelWriter
    token: int

    async def apply(self, folder: Folder, batch: Sequence[StoredEvent], head: int, times: int) -> None:
        """Fold a batch and write it so many times."""
        checkpoint = await self.writer.checkpoint()
        for view, ids in folder.missing(batch):
            [documents] = await self.writer.documents(checkpoint.generation, [(view, ids)])
            folder.load(view, list(zip(ids, documents, strict=True)))
        page = LogPage(
            epoch=checkpoint.epoch, head=head, events=list(batch), anchor=None, through=batch[-1].position
        )
        written = batch_of(checkpoint, page, folder.fold(batch))
        await self.writer.apply(self.token, written)
        for _ in range(times - 1):
            with contextlib.suppress(CheckpointMoved, TallyRefused):
                await self.writer.apply(self.token, written)


@asynccontextmanager
async def _a_store(valkey: TestValkey, log: WrittenLog, library: Library) -> AsyncIterator[_Store]:
    name = f"properties{next(_numbers)}"
    writer = ReadModelWriter(valkey.projector_url, name, library=library)
    await writer.open()
    try:
        token = await writer.acquire_lease("the test", _LEASE_SECONDS)
        assert token is not None
        await writer.new_generation(token, 1, log.epoch)
        yield _Store(name, writer, token)
    finally:
        await writer.close()


async def _stored(
    valkey: TestValkey,
    projection: Projection,
    log: WrittenLog,
    batches: Iterable[Sequence[StoredEvent]],
    *,
    times: int = 1,
    library: Library = LIBRARY,
) -> ReadDump:
    """All that the store holds after these batches."""
    async with _a_store(valkey, log, library) as store:
        folder = Folder(projection, cached_views=2)
        for batch in batches:
            await store.apply(folder, batch, log.head, times)
            folder.trim()
        return read_dump(valkey.admin_url, store.name)


def _content(dump: ReadDump) -> tuple[Any, ...]:
    assert dump.strangers == []
    # Sums of rows are the same when they are so modulo 2^32; of what was once there a size of 0 may be left.
    sums = {row: kept % 2**32 for row, kept in dump.row_sums.items()}
    sizes = {key: size for key, size in (dump.sizes or {}).items() if size}
    rest = (dump.text_members, dump.terms, dump.grams, dump.rows, sums, sizes, dump.gram_sizes)
    return dump.documents, dump.scores, dump.tallies, *rest


def _batches(log: WrittenLog, seed: int) -> list[list[StoredEvent]]:
    return list(cuts(log.events, random.Random(seed), 30))  # noqa: S311 - a test's dice


@_EACH_PROJECTION
@pytest.mark.parametrize("seed", seeds(2))
async def test_batches_that_come_twice_leave_what_one_batch_leaves(
    valkey: TestValkey, projection: Projection, seed: int
) -> None:
    log = log_of(story_of(domain_of(projection), seed, _COMMANDS))
    whole = await _stored(valkey, projection, log, [log.events])
    twice = await _stored(valkey, projection, log, _batches(log, seed), times=2)
    assert _content(twice) == _content(whole)
    side = read_side([log.events], projection=projection)
    assert {key: (each.version, each.message) for key, each in whole.documents.items()} == {
        key: (each.version, each.message) for key, each in side.documents.items()
    }
    assert {key: score for key, score in whole.scores.items() if not key[0].startswith("changed/")} == (
        side.scores
    )
    assert whole.tallies == {key: amount for key, amount in side.tallies.items() if amount}


@_EACH_PROJECTION
async def test_without_the_comparison_they_leave_something_else(
    valkey: TestValkey, projection: Projection
) -> None:
    """The sabotaged twin."""
    sources = read_sources()
    assert sources.count(_COMPARE) == 1
    library = compose(sources.replace(_COMPARE, "if false then"))
    log = log_of(story_of(domain_of(projection), 0, _COMMANDS))
    whole = await _stored(valkey, projection, log, [log.events])
    twice = await _stored(valkey, projection, log, _batches(log, 0), times=2, library=library)
    assert twice.tallies != whole.tallies
