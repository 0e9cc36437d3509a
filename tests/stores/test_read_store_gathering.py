"""Documents that are asked for in one turn are read in one step, and each is answered as if it were alone."""

import asyncio
from collections.abc import Sequence

import pytest

from read_store import Connection, Document, ReadModelDamaged, ReadStoreUnavailable, Row, Snapshot
from read_store import gathering as gathered
from tests.stores import damage
from tests.stores.partition import VIEW, Partition, a_partition
from tests.valkey_server import TestValkey
from tests.waiting import eventually

_IDS = [f"thing-{number}" for number in range(150)]


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
