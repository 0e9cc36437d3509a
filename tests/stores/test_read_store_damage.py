"""What was lost from a read model, or changed in it, is never answered as if it were whole."""

import re
from typing import Any

import pytest

from read_store import (
    Count,
    Document,
    Framed,
    IndexEdge,
    Operation,
    Page,
    Probe,
    ReadModelDamaged,
    TallyRow,
    TallyRows,
    TextPage,
    changed_index,
    compose,
    read_sources,
)
from tests.stores import damage
from tests.stores.damage import Damage
from tests.stores.partition import VIEW, Partition, a_partition
from tests.valkey_server import TestValkey

ALL = Page(view=VIEW, indexes=("size",), limit=10)
CHANGED = Page(view=VIEW, indexes=(changed_index(VIEW),), limit=10)
BOTH = Page(view=VIEW, indexes=(changed_index(VIEW),), limit=10, probes=(Probe(index="size", min=0),))
SEARCH = TextPage(view=VIEW, index="name", query="anna", limit=10)
BY_NAME = TextPage(view=VIEW, index="name", limit=10)
ROW = TallyRow(tally="sales", row="2010")
ROWS = TallyRows(tally="sales")
JOINED = Document(view=VIEW, id="a", joins=("stock",))

CASES: tuple[tuple[Damage, Operation[Any]], ...] = (
    (damage.deleted("d:thing"), Document(view=VIEW, id="a")),
    (damage.field_deleted("d:thing", "a"), Document(view=VIEW, id="a")),
    (damage.edited("d:thing", "a"), Document(view=VIEW, id="a")),
    (damage.copied("d:thing", "b", "a"), Document(view=VIEW, id="a")),
    (damage.edited("d:thing", "b"), ALL),
    (damage.edited("d:thing", "b"), Framed(page=ALL)),
    (damage.copied("d:thing", "b", "a"), Framed(page=ALL)),
    (damage.edited("d:thing", "a"), Framed(page=BY_NAME)),
    (damage.deleted("i:size"), ALL),
    (damage.deleted("i:size"), Count(index="size")),
    (damage.deleted("i:size"), IndexEdge(view=VIEW, index="size")),
    (damage.deleted("i:size"), BOTH),
    (damage.deleted("i:changed/thing"), CHANGED),
    (damage.member_removed("i:size", "b"), ALL),
    (damage.member_removed("i:size", "b"), Count(index="size")),
    (damage.member_added("i:size", "c"), Count(index="size")),
    (damage.deleted("t:sales:2010"), ROW),
    (damage.deleted("t:sales:2010"), ROWS),
    (damage.field_deleted("t:sales:2010", "units"), ROW),
    (damage.column_edited("t:sales:2010", "units"), ROW),
    (damage.column_edited("t:sales:2010", "units"), ROWS),
    (damage.deleted("t:sales"), ROWS),
    (damage.both(damage.deleted("t:sales"), damage.deleted("t:sales:2010")), ROW),
    (damage.deleted("t:stock:a"), JOINED),
    (damage.deleted("x:name:terms"), BY_NAME),
    (damage.deleted("x:name:g:616e6e"), SEARCH),
    (damage.member_removed("x:name:g:616e6e", "anna"), SEARCH),
    (damage.deleted("x:name:e:2bc1ecb410e142bce83bce6f212b41e1781536dc"), SEARCH),
    (damage.both(damage.deleted("x:name:sizes"), damage.deleted("x:name:g:616e6e")), SEARCH),
    (damage.both(damage.deleted("sizes"), damage.deleted("i:size")), ALL),
)
# These are seen without sums and sizes, or change no answer.
PLAIN_CASES: tuple[tuple[Damage, Operation[Any]], ...] = (
    (damage.not_a_number("t:sales:2010", "units"), ROW),
    (damage.field_deleted("t:sales:2010", "\0"), ROW),
    (damage.field_deleted("d:thing", "a"), ALL),
    (damage.field_deleted("d:thing", "a"), Framed(page=ALL)),
    (damage.of_another_type("d:thing"), Document(view=VIEW, id="a")),
    (damage.field_deleted("checkpoint", "position"), ALL),
)

_SIZE = re.compile(r"if \S+ ~= tonumber\(.*?then|if \(members or .*?then")
_ROW = "if redis.call('ZSCORE', data .. 't:' .. tally, row) then"
_TERM = "if redis.call('EXISTS', key) == 0 then\n    raise"
_NEW_ROW = "if is_named then"


async def _fill(partition: Partition) -> str:
    """Two things, in an index, a text index and tallies; answers what their keys begin with."""
    await partition.apply(
        documents={"a": b"A", "b": b"B"},
        entries={"size": {"a": 1, "b": 2}},
        tallies={("sales", "2010", "units"): 3, ("sales", "2010", "orders"): 1, ("stock", "a", "sold"): 3},
        text_entries={"name": [("a", "anna", 0), ("b", "anna maria", 0)]},
    )
    return f"diptych:{{{partition.name}:0}}:g1:"


@pytest.mark.parametrize(("done", "asked"), CASES + PLAIN_CASES)
async def test_damage_is_seen_by_the_read_that_touches_it(
    valkey: TestValkey, done: Damage, asked: Operation[Any]
) -> None:
    async with a_partition(valkey) as partition:
        root = await _fill(partition)
        await partition.ask(asked)
        await damage.do(valkey, done, root)
        with pytest.raises(ReadModelDamaged):
            await partition.ask(asked)


@pytest.mark.parametrize(("done", "asked"), CASES)
async def test_without_sums_and_sizes_damage_is_answered_as_data(
    valkey: TestValkey, done: Damage, asked: Operation[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sabotaged twin of the test above."""
    monkeypatch.setattr("read_store.check_sums.is_whole", lambda *_: True)
    monkeypatch.setattr("read_store.rows.is_equal", lambda *_: True)
    monkeypatch.setattr("read_store.snapshot.has_its_sizes", lambda *_: True)
    async with a_partition(valkey, library=_unguarded()) as partition:
        root = await _fill(partition)
        before = await partition.ask(asked)
        await damage.do(valkey, done, root)
        assert await partition.ask(asked) != before


def _unguarded() -> Any:
    sources, count = _SIZE.subn("if false then", read_sources())
    assert count == 2, "both comparisons of sizes"
    for guard in (_ROW, _NEW_ROW):
        assert guard in sources
        sources = sources.replace(guard, "if false then")
    assert _TERM in sources
    return compose(sources.replace(_TERM, "if false then\n    raise"))


async def test_a_read_model_that_is_whole_is_never_called_damaged(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await _fill(partition)
        await partition.apply(
            exits={"size": ["a"]},
            entries={"size": {"b": 5}, "other": {"a": 1}},
            text_exits={"name": [("a", "anna")]},
            text_entries={"name": [("a", "bert", 0)]},
            tallies={("sales", "2010", "units"): -3, ("stock", "a", "sold"): -3},
        )
        for _, asked in CASES:
            await partition.ask(asked)
        assert await partition.ask(ROWS) == [("2010", {"orders": 1})]


LOST_AND_WRITTEN: tuple[tuple[Damage, dict[str, Any]], ...] = (
    (damage.deleted("d:thing"), {"documents": {"c": b"C"}}),
    (damage.deleted("i:size"), {"entries": {"size": {"c": 3}}}),
    (damage.member_removed("i:size", "a"), {"entries": {"size": {"a": 3}}}),
    (damage.deleted("t:sales:2010"), {"tallies": {("sales", "2010", "units"): 1}}),
    (damage.deleted("t:sales"), {"tallies": {("sales", "2011", "units"): 1}}),
    (damage.deleted("x:name:terms"), {"text_entries": {"name": [("c", "carl", 0)]}}),
    (damage.not_a_number("x:name:sizes", "616e6e"), {"text_entries": {"name": [("c", "joanna", 0)]}}),
    (damage.deleted("sizes"), {}),
    (damage.not_a_number("t:sales:2010", "units"), {"tallies": {("sales", "2010", "units"): 1}}),
    (damage.not_a_number("t:sales:2010", "\0"), {"tallies": {("sales", "2010", "units"): 1}}),
    (damage.of_another_type("i:size"), {"entries": {"size": {"c": 3}}}),
)


@pytest.mark.parametrize(("done", "written"), LOST_AND_WRITTEN)
async def test_damage_is_seen_by_the_batch_that_writes_over_it(
    valkey: TestValkey, done: Damage, written: dict[str, Any]
) -> None:
    async with a_partition(valkey) as partition:
        root = await _fill(partition)
        await damage.do(valkey, done, root)
        with pytest.raises(ReadModelDamaged):
            await partition.apply(**written)


async def test_damage_that_was_written_over_is_remembered(valkey: TestValkey) -> None:
    """A row that is lost and begun again looks whole: only the batch that began it could tell."""
    async with a_partition(valkey) as partition:
        root = await _fill(partition)
        await damage.do(valkey, damage.deleted("t:sales:2010"), root)
        with pytest.raises(ReadModelDamaged):
            await partition.apply(tallies={("sales", "2010", "units"): 1, ("sales", "2010", "orders"): 1})
        with pytest.raises(ReadModelDamaged, match="row sales 2010"):
            await partition.ask(ROW)
        with pytest.raises(ReadModelDamaged, match="row sales 2010"):
            await partition.writer.checkpoint()


async def test_a_generation_never_begins_where_another_left_its_keys(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        root = await _fill(partition)
        control = root.removesuffix("g1:")
        await damage.do(valkey, damage.both(damage.deleted("live"), damage.deleted("newest")), control)
        assert (await partition.writer.checkpoint()).generation == 0
        assert await partition.writer.new_generation(partition.token, 1, partition.epoch) == (2, 0)
