"""Answers on families are as fresh as asked, and each is of one moment."""

import asyncio
from typing import Any

import pytest
from diptych.families.v1 import family_query_service_pb2 as queries
from google.protobuf.duration_pb2 import Duration

from read_store import ReadStore, Snapshot
from tests import family_events as say
from tests.services.kit_service import refusal_of
from tests.services.order_read_models import ReadModels, fresh

AT_ONCE = Duration()
LISTS = [
    queries.ListFamiliesRequest(),
    queries.ListFamiliesRequest(order_by=queries.FAMILY_ORDER_BY_RISK),
    queries.ListAtRiskFamiliesRequest(min_risk_score=0),
]


def _part(request: Any, **fields: Any) -> Any:
    part = type(request)(**fields)
    part.MergeFrom(request)
    return part


UNARY = [
    queries.GetFamilyRequest(family_id="smith"),
    queries.GetTuitionAccountRequest(family_id="smith"),
    queries.GetFamiliesByRiskTierRequest(),
    queries.GetEnrollmentReportRequest(),
    queries.GetPaymentAnalyticsRequest(),
    queries.SearchFamiliesRequest(term="s"),
]


def _call(stub: Any, request: Any, **fields: Any) -> Any:
    return getattr(stub, request.DESCRIPTOR.name.removesuffix("Request"))(_part(request, **fields))


@pytest.mark.parametrize("waits", [True, False])
async def test_only_with_the_token_is_every_answer_never_stale(
    models: ReadModels, stub: Any, waits: bool
) -> None:
    """Write, then ask, with a projector that comes later; without the token, the twin, stale answers come."""
    await models.write(say.enrolled())
    late = []
    for request in (*UNARY, *LISTS):
        token = models.append(say.contacted("2024-05-01"))
        consistency = fresh(token) if waits else None
        asking = asyncio.create_task(_first(_call(stub, request, consistency=consistency)))
        await asyncio.wait((asking,), timeout=0.05)
        await models.catch_up()
        answer = await asking
        late.append(answer.freshness.position < models.log.head)
    assert any(late) is not waits


async def _first(call: Any) -> Any:
    return await (call.read() if hasattr(call, "read") else call)


async def test_a_token_of_the_family_is_met_by_the_familys_version(models: ReadModels, stub: Any) -> None:
    await models.write(say.enrolled(), say.contacted("2024-05-01"))
    ahead = fresh(models.token(99, stream="family-smith", version=2), max_wait=AT_ONCE)
    for request in UNARY[:2]:
        await _call(stub, request, consistency=ahead)
    for request in UNARY[2:]:
        refused = await refusal_of(_call(stub, request, consistency=ahead))
        assert refused.info.reason == "PROJECTION_BEHIND"
    beyond = fresh(models.token(99, stream="family-smith", version=3), max_wait=AT_ONCE)
    refused = await refusal_of(_call(stub, UNARY[0], consistency=beyond))
    assert refused.info.reason == "PROJECTION_BEHIND"


async def test_an_empty_log_answers_empty_and_fresh(models: ReadModels, stub: Any) -> None:
    await models.catch_up()
    for request in (*UNARY[3:], *LISTS):
        answer = await _first(_call(stub, request))
        rows = next(
            name for name in answer.DESCRIPTOR.fields_by_name if name in ("rows", "months", "families")
        )
        assert (len(getattr(answer, rows)), answer.freshness.position) == (0, 0)
    answer = await _call(stub, UNARY[2])
    assert [(row.families, row.average_risk) for row in answer.tiers] == [(0, 0.0)] * 4


@pytest.mark.parametrize("is_one_read", [True, False])
async def test_a_family_and_its_account_are_of_one_moment(
    models: ReadModels, stub: Any, monkeypatch: pytest.MonkeyPatch, is_one_read: bool
) -> None:
    """All that is outstanding is overdue here; read in two parts, the twin, the two contradict each other."""
    await models.write(say.enrolled())
    whole = ReadStore.read

    async def read(store: ReadStore, projection: str, operations: Any, **which: Any) -> Snapshot:
        parts = [operations] if is_one_read else [(operation,) for operation in operations]
        snapshots = []
        for part in parts:
            snapshots.append(await whole(store, projection, part, **which))
            await models.write(say.invoiced(f"i{models.position}", 500, "2024-01-15"))
        results = tuple(result for snapshot in snapshots for result in snapshot.results)
        return Snapshot(checkpoint=snapshots[-1].checkpoint, results=results)

    monkeypatch.setattr(ReadStore, "read", read)
    request = queries.GetFamilyRequest(family_id="smith", on_date=say.day("2024-02-01"))
    found = [(await stub.GetFamily(request)).family for _ in range(5)]
    assert found[-1].outstanding_cents > 0
    assert all(each.overdue_cents == each.outstanding_cents for each in found) is is_one_read
