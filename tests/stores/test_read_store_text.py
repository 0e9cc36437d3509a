"""A text index finds parts of names in any case, with or without accents, in order."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from read_store import Probe, TextPage, TextPageRows, fold_text
from tests.stores.partition import VIEW, Partition, a_partition
from tests.valkey_server import TestValkey

_letters = st.text(alphabet="abABéÉ ß\n", max_size=6)
_people = st.dictionaries(
    st.text(alphabet="xyz0", min_size=1, max_size=3), st.tuples(_letters, st.integers(-2, 2)), max_size=15
)


async def put(partition: Partition, people: dict[str, tuple[str, int]]) -> None:
    """Indexes each person under the text, with the rank."""
    entries = [(id_, fold_text(text), rank) for id_, (text, rank) in people.items()]
    await partition.apply(documents=dict.fromkeys(people, b""), text_entries={"name": entries})


async def search(partition: Partition, page: TextPage) -> list[str]:
    """All ids from page to page."""
    found: list[str] = []
    after = page.after
    while True:
        rows: TextPageRows = await partition.ask(
            TextPage(**{**{name: getattr(page, name) for name in TextPage.__slots__}, "after": after})
        )
        found += [row.id for row in rows.rows]
        after = rows.next
        if after is None:
            return found


def test_folding_knows_no_case_and_no_accents() -> None:
    assert fold_text("  ÉMILE\tŁukasz ") == "emile lukasz"
    assert fold_text("Straße") == fold_text("STRASSE") == "strasse"
    assert fold_text("İstanbul") == fold_text("istanbul")
    assert fold_text("ﬁancée") == "fiancee"
    assert fold_text("e\u0301") == fold_text("é") == "e"


def test_lines_are_folded_each_for_itself() -> None:
    assert fold_text(" Zoë  Smith \n ZOE@example.com") == "zoe smith\nzoe@example.com"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=_people,
    query=_letters,
    descending=st.booleans(),
    ranks_descending=st.booleans(),
    limit=st.integers(1, 3),
    work=st.integers(1, 9),
)
async def test_a_search_agrees_with_a_plain_model(  # noqa: PLR0917 - hypothesis names what it gives
    valkey: TestValkey,
    people: dict[str, tuple[str, int]],
    query: str,
    descending: bool,
    ranks_descending: bool,
    limit: int,
    work: int,
) -> None:
    found = [(rank, id_) for id_, (text, rank) in people.items() if fold_text(query) in fold_text(text)]
    in_rank_order = [id_ for _, id_ in sorted(found, reverse=ranks_descending)]
    expected = sorted(in_rank_order, key=lambda id_: fold_text(people[id_][0]).encode(), reverse=descending)
    async with a_partition(valkey) as partition:
        await put(partition, people)
        page = TextPage(
            view=VIEW,
            index="name",
            query=query,
            limit=limit,
            descending=descending,
            ranks_descending=ranks_descending,
            work_limit=work,
        )
        assert await search(partition, page) == expected


async def test_a_text_that_nobody_bears_any_more_is_gone_from_every_key(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await put(partition, {"a": ("Zoë Smith", 1), "b": ("Zoë Smith", 2)})
        for id_ in ("a", "b"):
            page = TextPage(view=VIEW, index="name", query="SMITH", limit=9)
            assert id_ in await search(partition, page)
            await partition.apply(text_exits={"name": [(id_, fold_text("Zoë Smith"))]})
            assert id_ not in await search(partition, page)
        keys = await partition.writer._connection.call(
            "SCAN", "0", "MATCH", f"diptych:{{{partition.name}:0}}:g*:x:*", "COUNT", 1_000_000
        )
        assert keys[1] == []


async def test_a_batch_may_bring_more_trigrams_than_a_call_takes(valkey: TestValkey) -> None:
    names = {f"id-{number}": f"{number * 7919:020} {number:x}" for number in range(1_500)}
    async with a_partition(valkey) as partition:
        half = len(names) // 2
        for part in (list(names.items())[:half], list(names.items())[half:]):
            await put(partition, {id_: (name, 0) for id_, name in part})
        for id_, name in list(names.items())[::250]:
            page = TextPage(view=VIEW, index="name", query=name, limit=9)
            assert await search(partition, page) == [id_]
        await partition.apply(text_exits={"name": [(id_, fold_text(name)) for id_, name in names.items()]})
        keys = await partition.writer._connection.call(
            "SCAN", "0", "MATCH", f"diptych:{{{partition.name}:0}}:g*:x:*", "COUNT", 1_000_000
        )
        assert keys[1] == []


async def test_a_search_is_filtered_by_other_indexes(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await put(partition, {"a": ("Ann", 0), "b": ("Anne", 0), "c": ("Joann", 0)})
        await partition.apply(entries={"open": {"a": 1, "c": 9}})
        page = TextPage(view=VIEW, index="name", query="ann", limit=9, indexes=("open",))
        assert await search(partition, page) == ["a", "c"]
        probed = TextPage(view=VIEW, index="name", query="ann", limit=9, probes=(Probe(index="open", max=5),))
        assert await search(partition, probed) == ["a"]
