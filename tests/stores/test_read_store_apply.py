"""A batch is applied whole and once, by the holder of the newest lease only."""

import asyncio
import contextlib

import pytest

from read_store import (
    CheckpointMoved,
    Count,
    Document,
    Fenced,
    IndexEdge,
    Library,
    Page,
    ReadModelDamaged,
    TallyRefused,
    TallyRow,
    TallyRows,
    changed_index,
    compose,
    read_sources,
)
from tests.stores.partition import LEASE_SECONDS, VIEW, Partition, a_partition
from tests.valkey_server import TestValkey

SALES = TallyRow(tally="sales", row="2010")
_COMPARE = "if stored[1] ~= epoch or stored[2] ~= position then"
_SHORT = "elseif #value < 16 and type(amount) == 'number' then"
_FENCE = "if fence and tonumber(token) < tonumber(fence) then"


def library_without(guard: str) -> Library:
    """The library with one guard off."""
    sources = read_sources()
    assert guard in sources
    return compose(sources.replace(guard, "if false then"))


async def deliver_twice(partition: Partition) -> dict[str, int]:
    """What a tally holds after the same batch came twice."""
    batch = partition.batch(tallies={("sales", "2010", "units"): 3})
    await partition.writer.apply(partition.token, batch)
    with contextlib.suppress(CheckpointMoved):
        await partition.writer.apply(partition.token, batch)
    tally: dict[str, int] = await partition.ask(SALES)
    return tally


async def test_a_batch_that_comes_twice_counts_once(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        assert await deliver_twice(partition) == {"units": 3}


async def test_without_the_comparison_a_batch_that_comes_twice_counts_twice(valkey: TestValkey) -> None:
    async with a_partition(valkey, library=library_without(_COMPARE)) as partition:
        assert await deliver_twice(partition) == {"units": 6}


async def zombie_writes(partition: Partition) -> bool:
    """Whether a holder whose lease went to another one still gets a batch in."""
    zombie = partition.token
    assert await partition.writer.acquire_lease("the test", LEASE_SECONDS) == zombie + 1
    try:
        await partition.writer.apply(zombie, partition.batch(documents={"a": b"zombie"}))
    except Fenced:
        return False
    return True


async def test_a_holder_whose_lease_was_granted_again_cannot_write(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        assert not await zombie_writes(partition)
        assert await partition.ask(Document(view=VIEW, id="a")) is None


async def test_without_the_fence_such_a_holder_writes(valkey: TestValkey) -> None:
    async with a_partition(valkey, library=library_without(_FENCE)) as partition:
        assert await zombie_writes(partition)


async def test_of_parallel_batches_from_one_checkpoint_one_gets_in(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        batches = [partition.batch(tallies={("sales", "2010", "units"): 1}) for _ in range(20)]
        applied = [partition.writer.apply(partition.token, batch) for batch in batches]
        outcomes = await asyncio.gather(*applied, return_exceptions=True)
        assert sum(outcome is False for outcome in outcomes) == 1
        assert sum(isinstance(outcome, CheckpointMoved) for outcome in outcomes) == 19
        assert await partition.ask(SALES) == {"units": 1}


async def test_a_batch_of_another_log_is_refused(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        batch = partition.batch()
        partition.epoch = batch.anchor
        with pytest.raises(CheckpointMoved):
            await partition.writer.apply(partition.token, partition.batch())


async def test_documents_indexes_tallies_and_checkpoint_come_together(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        batch = await partition.apply(
            events=7,
            documents={"a": b"A", "b": b"B"},
            entries={"size": {"a": 5, "b": -(2**53)}},
            tallies={("sales", "2010", "units"): 2},
        )
        snapshot = await partition.reader.read(
            partition.name,
            (
                Page(view=VIEW, indexes=("size",), limit=10),
                IndexEdge(view=VIEW, index=changed_index(VIEW), last=True),
                Count(index="size", min=0),
                SALES,
            ),
        )
        page, newest, large, sales = snapshot.results
        assert [(row.id, row.score, row.message) for row in page.rows] == [
            ("b", -(2**53), b"B"),
            ("a", 5, b"A"),
        ]
        assert (newest.id, newest.score, newest.position) == ("b", 7, 7)
        assert (large, sales) == (1, {"units": 2})
        checkpoint = snapshot.checkpoint
        assert (checkpoint.position, checkpoint.anchor, checkpoint.as_of) == (7, batch.anchor, batch.as_of)
        assert (checkpoint.events, checkpoint.lag_seconds()) == (7, 0.0)


async def test_an_entity_leaves_an_index(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await partition.apply(documents={"a": b"A"}, entries={"open": {"a": 1}})
        await partition.apply(documents={"a": b"A"}, exits={"open": ["a"]})
        assert await partition.ask(Count(index="open")) == 0


async def test_a_column_at_zero_goes_and_an_empty_row_with_it(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await partition.apply(tallies={("sales", "2010", "units"): 2, ("sales", "2010", "orders"): 1})
        await partition.apply(tallies={("sales", "2010", "units"): -2})
        assert await partition.ask(TallyRows(tally="sales")) == [("2010", {"orders": 1})]
        await partition.apply(tallies={("sales", "2010", "orders"): -1})
        assert await partition.ask(TallyRows(tally="sales")) == []


async def test_tally_rows_come_in_the_order_of_their_names_within_bounds(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await partition.apply(tallies={("days", f"2010-12-{day:02}", "n"): day for day in (9, 1, 31, 15)})
        rows = await partition.ask(TallyRows(tally="days", first="2010-12-02", last="2010-12-31"))
        assert [row for row, _ in rows] == ["2010-12-09", "2010-12-15", "2010-12-31"]


async def test_a_tally_that_would_leave_64_bits_refuses_the_whole_batch(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await partition.apply(tallies={("sales", "2010", "cents"): 2**63 - 1})
        refused = partition.batch(
            documents={"a": b"A"},
            tallies={
                ("sales", "2011", "units"): 4,
                ("sales", "2010", "units"): 1,
                ("sales", "2010", "cents"): 1,
            },
        )
        with pytest.raises(TallyRefused):
            await partition.writer.apply(partition.token, refused)
        assert await partition.ask(TallyRows(tally="sales")) == [("2010", {"cents": 2**63 - 1})]
        assert await partition.ask(Document(view=VIEW, id="a")) is None
        assert (await partition.writer.checkpoint()).position == 1


@pytest.mark.parametrize(
    "amounts",
    [
        (2**53, 1, -1, -(2**53) - 1),
        (2**63 - 1, -(2**63 - 1), -1),
        (-(2**62), -(2**62), 2**62, 10**9, -1),
        (10**15, 10**15, -(10**9), 10**9 - 1, -(2 * 10**15)),
        (999_999_999_999_999_999, 1, -(10**18) - 7, 6),
    ],
)
async def test_tallies_are_exact_up_to_64_bits(valkey: TestValkey, amounts: tuple[int, ...]) -> None:
    async with a_partition(valkey) as partition:
        for place, amount in enumerate(amounts, 1):
            await partition.apply(tallies={("sales", "2010", "cents"): amount, ("sales", "2010", "n"): 1})
            expected = {"cents": sum(amounts[:place]), "n": place}
            assert await partition.ask(SALES) == {name: n for name, n in expected.items() if n}


async def test_numbers_of_lua_alone_would_round_tallies(valkey: TestValkey) -> None:
    """The sabotaged twin."""
    sources = read_sources()
    assert _SHORT in sources
    library = compose(sources.replace(_SHORT, "elseif true then"))
    async with a_partition(valkey, library=library) as partition:
        for amount in (2**53, 1):
            await partition.apply(tallies={("sales", "2010", "cents"): amount})
        with pytest.raises(ReadModelDamaged):
            await partition.ask(SALES)


async def test_a_tally_that_would_leave_64_bits_downwards_is_refused(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await partition.apply(tallies={("sales", "2010", "cents"): -(2**63)})
        with pytest.raises(TallyRefused):
            await partition.apply(tallies={("sales", "2010", "cents"): -1})
        assert await partition.ask(SALES) == {"cents": -(2**63)}


async def test_a_row_may_have_more_columns_than_a_call_takes_arguments(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        columns = [f"column {number}" for number in range(9_001)]
        for _ in range(2):
            await partition.apply(tallies={("sales", "2010", column): 2 for column in columns})
        assert await partition.ask(SALES) == dict.fromkeys(columns, 4)
        await partition.apply(tallies={("sales", "2010", column): -4 for column in columns[1:]})
        assert await partition.ask(SALES) == {columns[0]: 4}


async def test_a_large_batch_needs_no_other_call(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        ids = [f"id-{number}" for number in range(9_000)]
        await partition.apply(
            documents=dict.fromkeys(ids, b"x" * 100),
            entries={"size": {id_: number for number, id_ in enumerate(ids)}},
        )
        assert await partition.ask(Count(index="size")) == len(ids)
        assert await partition.ask(Count(index=changed_index(VIEW))) == len(ids)


async def test_a_document_comes_with_the_tallies_joined_to_it(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await partition.apply(documents={"a": b"A"}, tallies={("stock", "a", "sold"): 3})
        row = await partition.ask(Document(view=VIEW, id="a", joins=("stock", "returns")))
        assert row.joined == ({"sold": 3}, {})
