"""A page walks (score, id) exactly, from any place, whatever moves meanwhile."""

import random
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from read_store import Page, PageRows, Probe, compose, read_sources
from tests.stores.partition import VIEW, Partition, a_partition
from tests.valkey_server import TestValkey

Scores = dict[str, int]

_ids = st.text(alphabet="aAzZ09._-", min_size=1, max_size=4)
_scores = st.one_of(st.integers(0, 3), st.sampled_from((-(2**53), -(2**53) + 1, 2**53 - 1, 2**53)))
_things = st.dictionaries(_ids, st.tuples(_scores, st.booleans(), st.integers(0, 5)), min_size=1, max_size=25)


def in_order(scores: Scores, *, descending: bool) -> list[tuple[int, str]]:
    """The plain model: all (score, id), ids by their bytes."""
    return sorted(((score, id_) for id_, score in scores.items()), reverse=descending)


async def walk(partition: Partition, page: Page, steps: Sequence[Any] = ()) -> list[tuple[int, str]]:
    """All rows from page to page; between pages the steps, each an awaitable function, happen."""
    walked: list[tuple[int, str]] = []
    after, todo = page.after, list(steps)
    while True:
        found: PageRows = await partition.ask(
            Page(**{**{name: getattr(page, name) for name in Page.__slots__}, "after": after})
        )
        walked += [(row.score, row.id) for row in found.rows]
        after = found.next
        if after is None:
            return walked
        if todo:
            await todo.pop(0)()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    things=_things, descending=st.booleans(), limit=st.integers(1, 4), work=st.integers(1, 7), data=st.data()
)
async def test_pages_agree_with_a_plain_model(  # noqa: PLR0917 - hypothesis names what it gives
    valkey: TestValkey,
    things: dict[str, tuple[int, bool, int]],
    descending: bool,
    limit: int,
    work: int,
    data: Any,
) -> None:
    async with a_partition(valkey) as partition:
        await partition.apply(
            documents=dict.fromkeys(things, b""),
            entries={
                "score": {id_: score for id_, (score, _, _) in things.items()},
                "open": {id_: score for id_, (score, is_open, _) in things.items() if is_open},
                "size": {id_: size for id_, (_, _, size) in things.items()},
            },
        )
        least, most = sorted(data.draw(st.tuples(_scores, _scores)))
        bounds = data.draw(st.sampled_from(({}, {"min": least}, {"max": most}, {"min": least, "max": most})))
        indexes = data.draw(st.sampled_from((("score",), ("score", "open"), ("open",))))
        probes = data.draw(st.sampled_from(((), (Probe(index="size", min=2, max=4),))))
        expected = [
            (score, id_)
            for score, id_ in in_order(
                {id_: thing[0] for id_, thing in things.items()}, descending=descending
            )
            if bounds.get("min", score) <= score <= bounds.get("max", score)
            and (things[id_][1] or indexes == ("score",))
            and (not probes or 2 <= things[id_][2] <= 4)
        ]
        page = Page(
            view=VIEW,
            indexes=indexes,
            limit=limit,
            descending=descending,
            probes=probes,
            work_limit=work,
            **bounds,
        )
        assert await walk(partition, page) == expected


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    scores=st.dictionaries(_ids, st.integers(0, 2), min_size=2, max_size=20),
    place=st.tuples(st.integers(-1, 3), _ids),
    descending=st.booleans(),
)
async def test_a_walk_resumes_after_any_place_whether_it_is_taken_or_not(
    valkey: TestValkey, scores: Scores, place: tuple[int, str], descending: bool
) -> None:
    async with a_partition(valkey) as partition:
        await partition.apply(documents=dict.fromkeys(scores, b""), entries={"score": scores})
        page = Page(view=VIEW, indexes=("score",), limit=500, descending=descending, after=place)
        rest = [
            each
            for each in in_order(scores, descending=descending)
            if (each < place if descending else each > place)
        ]
        assert await walk(partition, page) == rest


async def each_exactly_once(partition: Partition, *, descending: bool, seed: int) -> bool:
    """Whether a walk shows everything that stays, once, while others move, come and leave between pages."""
    chance = random.Random(seed)  # noqa: S311 - a test's choices
    stay = {f"stay-{number:03}": number // 10 for number in range(120)}
    roam = {f"roam-{number:03}": number // 5 for number in range(60)}
    await partition.apply(documents=dict.fromkeys((*stay, *roam), b""), entries={"score": {**stay, **roam}})

    async def stir() -> None:
        moved = chance.sample(sorted(roam), 20)
        await partition.apply(
            entries={"score": {id_: chance.randrange(12) for id_ in moved[:12]}}, exits={"score": moved[12:]}
        )

    page = Page(view=VIEW, indexes=("score",), limit=7, descending=descending)
    walked = await walk(partition, page, [stir] * 200)
    seen = [id_ for _, id_ in walked if id_ in stay]
    return seen == [id_ for _, id_ in in_order(stay, descending=descending)]


async def test_what_stays_is_seen_exactly_once_while_others_move(valkey: TestValkey) -> None:
    for seed in range(3):
        for descending in (False, True):
            async with a_partition(valkey) as partition:
                assert await each_exactly_once(partition, descending=descending, seed=seed)


async def test_without_the_search_among_equal_scores_something_is_lost(valkey: TestValkey) -> None:
    sources = read_sources()
    search = "  while low < high do"
    assert sources.count(search) == 1
    blunt = compose(sources.replace(search, "  low = with_itself and high or low\n  while false do"))
    async with a_partition(valkey, library=blunt) as partition:
        assert not await each_exactly_once(partition, descending=False, seed=0)


async def test_a_call_looks_at_no_more_members_than_allowed(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        ids = [f"{number:05}" for number in range(3_000)]
        await partition.apply(
            documents=dict.fromkeys(ids, b""),
            entries={
                "score": {id_: number for number, id_ in enumerate(ids)},
                "size": {id_: number for number, id_ in enumerate(ids)},
            },
        )
        page = Page(
            view=VIEW,
            indexes=("score",),
            limit=10,
            probes=(Probe(index="size", min=2_990),),
            work_limit=1_000,
        )
        first: PageRows = await partition.ask(page)
        assert (first.rows, first.next) == ([], (999, "00999"))
        assert await walk(partition, page) == [(number, ids[number]) for number in range(2_990, 3_000)]
