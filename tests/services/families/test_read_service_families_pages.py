"""Lists of families: complete while families change, resumable anywhere, and fresh as asked."""

import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
import pytest
from diptych.families.v1 import family_query_service_pb2 as queries
from diptych.families.v1 import scores_pb2 as scores
from diptych.families.v1 import views_pb2 as views

from read_service import walks
from read_store import TextPage
from tests import family_events as say
from tests.services.family_model import Families
from tests.services.family_read_models import family_ids, family_models, family_service
from tests.services.kit_service import refusal_of
from tests.services.order_read_models import ReadModels, pages_of
from tests.valkey_server import TestValkey

NAMES = ("Smith", "Ångström", "smith", "Zeta", "Müller")
SCORES = (0, 39, 40, 69, 70, 84, 85, 100)


@dataclass(slots=True)
class Replicas:
    """Two read services over the same families, which go on changing when asked to."""

    stubs: tuple[Any, Any]
    models: ReadModels
    random: random.Random
    families: Families = field(default_factory=Families)

    async def enrol(self, count: int) -> set[str]:
        """Enrol families; answer the ids of all there are."""
        for _ in range(count):
            self._enrol()
        await self.models.catch_up()
        return set(self.families.by_id)

    async def change(self, moving: str = "") -> None:
        """Change a family, enrol others, and change the scores of families whose ids begin so."""
        for id_ in self.random.sample(sorted(self.families.by_id), 3):
            self._write(say.contacted("2024-05-01", family_id=id_))
            if moving and id_.startswith(moving):
                self._score(id_)
        self._enrol()
        self._enrol("moving-")
        await self.models.catch_up()

    def _enrol(self, kind: str = "f") -> None:
        id_ = f"{kind}{self.random.getrandbits(40):010x}"
        on = f"2024-01-{self.random.randint(1, 9):02}"
        self._write(say.enrolled(id_, name=self.random.choice(NAMES), on=on))
        self._score(id_)

    def _score(self, id_: str) -> None:
        choice = self.random.choice
        self._write(
            say.risk(0, choice(SCORES), family_id=id_),
            say.engagement(0, choice(SCORES), family_id=id_),
            say.recommended("call", choice((1, 5)), family_id=id_),
        )

    def _write(self, *messages: Any) -> None:
        self.models.append(*self.families.take(*messages))


@pytest.fixture
async def replicas(valkey: TestValkey) -> AsyncIterator[Replicas]:
    dice = random.Random(29)  # noqa: S311 - a test's dice
    async with (
        family_models(valkey) as models,
        family_service(valkey) as one,
        family_service(valkey) as other,
    ):
        yield Replicas((one, other), models, dice)


LISTS = [
    *(
        queries.ListFamiliesRequest(order_by=order_by, is_reversed=is_reversed)
        for order_by, is_reversed in itertools.product(queries.FamilyOrderBy.values()[1:], (False, True))
    ),
    queries.ListAtRiskFamiliesRequest(min_risk_score=0),
]


def _part(request: Any, **fields: Any) -> Any:
    part = type(request)(**fields)
    part.MergeFrom(request)
    return part


async def _next_page(stub: Any, request: Any) -> Any:
    call = getattr(stub, request.DESCRIPTOR.name.removesuffix("Request"))(request)
    async for page in call:
        call.cancel()
        return page
    raise AssertionError("a list has at least one page")


@pytest.mark.parametrize("request_", LISTS)
async def test_what_keeps_its_place_appears_once_and_in_order_while_others_move(
    replicas: Replicas, request_: Any
) -> None:
    there = await replicas.enrol(80)
    seen, positions, token = [], [], ""
    for turn in range(1000):
        page = await _next_page(replicas.stubs[turn % 2], _part(request_, page_size=7, page_token=token))
        seen += [family.family_id for family in page.families]
        positions.append(page.freshness.position)
        token = page.next_page_token
        if not token:
            break
        await replicas.change("moving-")
    kept = [id_ for id_ in seen if id_ in there]
    assert kept == [id_ for id_ in _listed(replicas, request_) if id_ in there]
    assert set(kept) == there
    assert positions == sorted(positions)
    assert positions[0] < positions[-1]


def _listed(replicas: Replicas, request: Any) -> list[str]:
    if isinstance(request, queries.ListAtRiskFamiliesRequest):
        return replicas.families.at_risk(0)
    return replicas.families.listed(request)


@pytest.mark.parametrize("request_", [LISTS[0], LISTS[2], LISTS[-1]])
async def test_paging_by_rank_misses_or_repeats(replicas: Replicas, request_: Any) -> None:
    """The sabotaged twin: places counted instead of remembered."""
    there = await replicas.enrol(80)
    seen: Counter[str] = Counter()
    for place in range(0, 80, 7):
        everything = await family_ids(replicas.stubs[0], _part(request_, page_size=500))
        seen.update(everything[place : place + 7])
        await replicas.change("moving-")
    assert {id_: n for id_, n in seen.items() if id_ in there} != dict.fromkeys(there, 1)


async def test_a_search_is_complete_while_families_change(replicas: Replicas) -> None:
    there = {id_ for id_ in await replicas.enrol(80) if "mit" in replicas.families.by_id[id_].names}
    seen: Counter[str] = Counter()
    token = ""
    for turn in range(1000):
        request = queries.SearchFamiliesRequest(term="mit", limit=4, page_token=token)
        answer = await replicas.stubs[turn % 2].SearchFamilies(request)
        seen.update(family.family_id for family in answer.families)
        token = answer.next_page_token
        if not token:
            break
        await replicas.change()
    assert {id_: n for id_, n in seen.items() if id_ in there} == dict.fromkeys(there, 1)


@pytest.mark.parametrize("work", [1, 3, 50])
async def test_a_search_is_as_full_as_asked_whatever_one_read_looks_at(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch, work: int
) -> None:
    await replicas.enrol(40)

    def bounded(pattern: TextPage, **changes: Any) -> TextPage:
        return replace(pattern, work_limit=work, **changes)

    monkeypatch.setattr(walks, "replace", bounded)
    for term, limit in itertools.product(("mit", "z", "none", "ü"), (1, 5, 50)):
        expected = replicas.families.found(term)
        answer = await replicas.stubs[0].SearchFamilies(queries.SearchFamiliesRequest(term=term, limit=limit))
        assert [family.family_id for family in answer.families] == expected[:limit]
        if len(expected) > limit:
            assert answer.next_page_token


OTHERS = [
    queries.ListFamiliesRequest(status=views.FAMILY_STATUS_ENROLLED),
    queries.ListFamiliesRequest(risk_tier=scores.RISK_TIER_LOW),
    queries.ListFamiliesRequest(order_by=queries.FAMILY_ORDER_BY_RISK),
    queries.ListFamiliesRequest(is_reversed=True),
    queries.ListAtRiskFamiliesRequest(),
    queries.ListAtRiskFamiliesRequest(min_risk_score=0),
    queries.ListAtRiskFamiliesRequest(on_date=say.day("2024-01-01")),
    queries.SearchFamiliesRequest(term="mit"),
    queries.SearchFamiliesRequest(term="smit"),
]


async def _token(stub: Any, request: Any) -> str:
    if isinstance(request, queries.SearchFamiliesRequest):
        return str((await stub.SearchFamilies(_part(request, limit=1))).next_page_token)
    return str((await _next_page(stub, _part(request, page_size=1))).next_page_token)


async def _listing(stub: Any, request: Any) -> str:
    call = getattr(stub, request.DESCRIPTOR.name.removesuffix("Request"))(request)
    try:
        if isinstance(request, queries.SearchFamiliesRequest):
            await call
        else:
            await call.read()
    except grpc.aio.AioRpcError:
        return str((await refusal_of(_again(stub, request))).info.reason)
    return "OK"


async def _again(stub: Any, request: Any) -> None:
    call = getattr(stub, request.DESCRIPTOR.name.removesuffix("Request"))(request)
    if isinstance(request, queries.SearchFamiliesRequest):
        await call
    else:
        await call.read()


async def test_a_token_works_for_its_own_list_only(replicas: Replicas) -> None:
    await replicas.enrol(30)
    requests = [queries.ListFamiliesRequest(), *OTHERS]
    tokens = [await _token(replicas.stubs[0], request) for request in requests]
    assert all(tokens)
    for (at, request), (from_, token) in itertools.product(enumerate(requests), enumerate(tokens)):
        outcome = await _listing(replicas.stubs[1], _part(request, page_token=token))
        assert outcome == ("OK" if at == from_ else "PAGE_TOKEN_INVALID"), (request, requests[from_])


@pytest.mark.parametrize(
    ("left_out", "named"),
    [
        (
            queries.ListFamiliesRequest(),
            queries.ListFamiliesRequest(order_by=queries.FAMILY_ORDER_BY_NAME),
        ),
        (queries.ListAtRiskFamiliesRequest(), queries.ListAtRiskFamiliesRequest(min_risk_score=70)),
    ],
)
async def test_a_default_that_is_named_is_the_same_list(
    replicas: Replicas, left_out: Any, named: Any
) -> None:
    await replicas.enrol(30)
    token = await _token(replicas.stubs[0], left_out)
    rest = await family_ids(replicas.stubs[1], _part(named, page_token=token))
    assert rest == (await family_ids(replicas.stubs[0], left_out))[1:]


@pytest.mark.parametrize("request_", [LISTS[0], LISTS[-1], OTHERS[-1]])
async def test_a_token_of_a_read_model_that_was_replaced_is_refused(
    replicas: Replicas, request_: Any
) -> None:
    await replicas.enrol(10)
    token = await _token(replicas.stubs[0], request_)
    assert token
    await replicas.models.rebuild()
    await replicas.models.catch_up()
    assert await _listing(replicas.stubs[1], _part(request_, page_token=token)) == "GENERATION_GONE"


async def test_nothing_found_is_one_empty_page_with_freshness(replicas: Replicas) -> None:
    await replicas.enrol(3)
    stub, position = replicas.stubs[0], replicas.models.position
    [page] = await pages_of(stub, queries.ListFamiliesRequest(status=views.FAMILY_STATUS_WITHDRAWN))
    found = await stub.SearchFamilies(queries.SearchFamiliesRequest(term="nobody"))
    for answer in (page, found):
        assert (len(answer.families), answer.next_page_token) == (0, "")
        assert answer.freshness.position == position
