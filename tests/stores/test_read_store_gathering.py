"""What is asked for in one turn is read in one step, and each is answered as if it were alone."""

import asyncio
from collections.abc import Hashable, Sequence
from typing import Any

import pytest

from read_store import (
    Connection,
    Document,
    IndexEdge,
    Operation,
    Page,
    ReadModelDamaged,
    ReadStoreUnavailable,
    Row,
    Snapshot,
    TallyRow,
)
from read_store import gathering as gathered
from tests.stores import damage
from tests.stores.partition import VIEW, Partition, a_partition
from tests.valkey_server import TestValkey
from tests.waiting import eventually

_IDS = [f"thing-{number}" for number in range(150)]
_PAGE = Page(view=VIEW, indexes=("changed/thing",), limit=3)


async def _fill(partition: Partition) -> str:
    """Answers what the keys of the read model begin with."""
    await partition.apply(
        documents={id_: id_.encode() for id_ in _IDS}, tallies={("stock", _IDS[0], "sold"): 3}
    )
    return f"diptych:{{{partition.name}:0}}:g{partition.generation}:"


async def _all(partition: Partition, ids: Sequence[str], *joins: str) -> list[Snapshot | BaseException]:
    """What comes of asking for all of them in one turn."""
    reads = [
        partition.reader.read(partition.name, (Document(view=VIEW, id=id_, joins=joins),)) for id_ in ids
    ]
    return await asyncio.gather(*reads, return_exceptions=True)


async def _begun(partition: Partition, ids: Sequence[str]) -> list["asyncio.Task[Snapshot]"]:
    """Reads that are on their way."""
    documents = [Document(view=VIEW, id=id_) for id_ in ids]
    reads = [asyncio.create_task(partition.reader.read(partition.name, (each,))) for each in documents]
    await asyncio.sleep(0)
    return reads


def _messages(answers: Sequence[Snapshot | BaseException]) -> list[bytes | None]:
    rows: list[Row | None] = []
    for answer in answers:
        assert isinstance(answer, Snapshot), answer
        rows += answer.results
    return [None if row is None else row.message for row in rows]


async def _calls(valkey: TestValkey) -> int:
    """How many read functions the store has been asked for so far."""
    admin = Connection(valkey.admin_url)
    await admin.open()
    try:
        told: bytes = await admin.call("INFO", "commandstats")
    finally:
        await admin.close()
    [line] = [line for line in told.decode().splitlines() if line.startswith("cmdstat_fcall_ro:calls=")]
    return int(line.partition("=")[2].partition(",")[0])


async def test_each_gets_its_own_document_and_all_the_same_checkpoint(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await _fill(partition)
        before = await _calls(valkey)
        answers = await _all(partition, [*_IDS, "no-such-thing"])
        assert _messages(answers) == [*(id_.encode() for id_ in _IDS), None]
        places = {answer.checkpoint.position for answer in answers if isinstance(answer, Snapshot)}
        assert places == {partition.position}
        # Of 64 documents each, at most.
        assert await _calls(valkey) - before == 3


async def test_alone_a_document_is_answered_like_together(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await _fill(partition)
        [alone] = await _all(partition, _IDS[:1], "stock")
        [first, _] = await _all(partition, _IDS[:2], "stock")
        assert isinstance(alone, Snapshot)
        assert isinstance(first, Snapshot)
        assert alone.results == first.results
        assert alone.results[0].joined == ({"sold": 3},)


async def test_a_damaged_document_is_told_only_to_who_asked_for_it(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        root = await _fill(partition)
        await damage.do(valkey, damage.edited("d:thing", _IDS[1]), root)
        first, damaged, last = await _all(partition, _IDS[:3])
        assert isinstance(damaged, ReadModelDamaged)
        assert _messages([first, last]) == [_IDS[0].encode(), _IDS[2].encode()]


async def test_a_step_that_fails_for_one_fails_for_that_one_alone(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        root = await _fill(partition)
        await damage.do(valkey, damage.of_another_type(f"t:stock:{_IDS[1]}"), root)
        first, broken, last = await _all(partition, _IDS[:3], "stock")
        assert isinstance(broken, ReadModelDamaged)
        assert _messages([first, last]) == [_IDS[0].encode(), _IDS[2].encode()]


async def test_twin_without_asking_alone_one_fails_all(
    valkey: TestValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathered, "ReadAlone", lambda: ReadModelDamaged("type"))
    async with a_partition(valkey) as partition:
        root = await _fill(partition)
        await damage.do(valkey, damage.of_another_type(f"t:stock:{_IDS[1]}"), root)
        answers = await _all(partition, _IDS[:3], "stock")
        assert all(isinstance(answer, ReadModelDamaged) for answer in answers)


async def test_who_gives_up_takes_nobody_along(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await _fill(partition)
        reads = await _begun(partition, _IDS[:3])
        reads[1].cancel()
        answers = await asyncio.gather(*reads, return_exceptions=True)
        assert isinstance(answers[1], asyncio.CancelledError)
        assert _messages([answers[0], answers[2]]) == [_IDS[0].encode(), _IDS[2].encode()]


async def test_all_hear_of_a_lost_connection_and_the_next_ones_are_answered(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await _fill(partition)
        reads = await _begun(partition, _IDS[:3])
        partition.reader._connection.cut()
        answers = await asyncio.gather(*reads, return_exceptions=True)
        assert all(isinstance(answer, ReadStoreUnavailable) for answer in answers)
        await eventually(lambda: _is_connected(partition))
        assert _messages(await _all(partition, _IDS[:3])) == [id_.encode() for id_ in _IDS[:3]]


async def _is_connected(partition: Partition) -> bool:
    return partition.reader._connection.is_connected


async def test_several_small_operations_of_one_reader_are_read_with_the_others(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await _fill(partition)
        reader, name, stock = partition.reader, partition.name, TallyRow(tally="stock", row=_IDS[0])
        edge = IndexEdge(view=VIEW, index="none", last=True)
        before = await _calls(valkey)
        both, document, look, rows = await asyncio.gather(
            reader.read(name, (Document(view=VIEW, id=_IDS[1]), edge)),
            reader.read(name, (Document(view=VIEW, id=_IDS[2]),)),
            reader.read(name, ()),
            reader.read(name, (stock,)),
        )
        assert await _calls(valkey) - before == 1
        assert _messages([document]) == [_IDS[2].encode()]
        assert (both.results[0].message, both.results[1]) == (_IDS[1].encode(), None)
        assert (look.results, rows.results) == ((), ({"sold": 3},))


async def test_what_is_known_for_a_place_is_not_read_again_until_something_is_written(
    valkey: TestValkey,
) -> None:
    """Sixty readers look at the place together, and read together what has changed."""
    async with a_partition(valkey) as partition:
        await _fill(partition)
        reader, name = partition.reader, partition.name
        known: Sequence[Operation[object]] = (TallyRow(tally="stock", row=_IDS[0]), _PAGE)
        place = await reader.checkpoint(name)
        before = await _calls(valkey)
        looks = await asyncio.gather(*(reader.read_unless_at(name, known, place) for _ in range(60)))
        assert await _calls(valkey) - before == 1
        assert [(look.results, look.checkpoint.position) for look in looks] == [((), place.position)] * 60
        await partition.apply(tallies={("stock", _IDS[0], "sold"): 4})
        before = await _calls(valkey)
        reads = await asyncio.gather(*(reader.read_unless_at(name, known, place) for _ in range(60)))
        assert await _calls(valkey) - before == 2
        assert [read.results[0] for read in reads] == [{"sold": 7}] * 60
        assert {read.checkpoint.position for read in reads} == {partition.position}


async def test_a_look_is_answered_beside_what_is_damaged(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        root = await _fill(partition)
        await damage.do(valkey, damage.of_another_type(f"t:stock:{_IDS[1]}"), root)
        reader, name = partition.reader, partition.name
        place = await reader.checkpoint(name)
        broken, look = await asyncio.gather(
            reader.read(name, (Document(view=VIEW, id=_IDS[1], joins=("stock",)),)),
            reader.read_unless_at(name, (TallyRow(tally="stock", row=_IDS[0]),), place),
            return_exceptions=True,
        )
        assert isinstance(broken, ReadModelDamaged)
        assert isinstance(look, Snapshot)
        assert look.checkpoint.position == place.position


async def _sees_what_was_written_before(valkey: TestValkey) -> bool:
    """Whether who looks while another one's answer is on its way learns of what was written in between."""
    async with a_partition(valkey) as partition:
        await _fill(partition)
        reader, name = partition.reader, partition.name
        place = await reader.checkpoint(name)
        asked: Sequence[Operation[object]] = (TallyRow(tally="stock", row=_IDS[0]),)
        wire = reader._connection._wire
        assert wire is not None
        assert wire._transport is not None
        wire._transport.pause_reading()
        before = await _calls(valkey)
        first = asyncio.create_task(reader.read_unless_at(name, asked, place))
        await eventually(lambda: _has_called(valkey, before))
        await partition.apply(tallies={("stock", _IDS[0], "sold"): 4})
        second = asyncio.create_task(reader.read_unless_at(name, asked, place))
        # So that it is sent, or joins what is on its way.
        await asyncio.sleep(0)
        wire._transport.resume_reading()
        assert (await first).checkpoint.position == place.position
        return (await second).checkpoint.position == partition.position


async def test_who_looks_is_not_answered_from_a_look_that_is_on_its_way(valkey: TestValkey) -> None:
    assert await _sees_what_was_written_before(valkey)


async def test_twin_a_look_that_stays_open_answers_from_before_the_call(
    valkey: TestValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = gathered.Gathering._packed

    def packed_and_open(self: gathered.Gathering, key: Hashable, *rest: Any) -> bytes:
        group = self._open[key]
        content = packed(self, key, *rest)
        self._open[key] = group
        return content

    monkeypatch.setattr(gathered.Gathering, "_packed", packed_and_open)
    assert not await _sees_what_was_written_before(valkey)


async def _has_called(valkey: TestValkey, before: int) -> bool:
    return await _calls(valkey) > before


async def test_a_question_that_cannot_be_asked_fails_nobody_else(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await _fill(partition)
        reader, name = partition.reader, partition.name
        before, wrong, after = await asyncio.gather(
            reader.read(name, (Document(view=VIEW, id=_IDS[0]),)),
            reader.read(
                name, (Document(view=VIEW, id=_IDS[1]), IndexEdge(view=VIEW, index="}:b", last=True))
            ),
            reader.read(name, (Document(view=VIEW, id=_IDS[2]),)),
            return_exceptions=True,
        )
        assert isinstance(wrong, ValueError)
        assert _messages([before, after]) == [_IDS[0].encode(), _IDS[2].encode()]
