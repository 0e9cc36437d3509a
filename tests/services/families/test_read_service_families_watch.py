"""Watches of families: one, those at risk, the numbers by tier, the payments by month."""

import asyncio
from datetime import date
from typing import Any
from uuid import uuid4

import grpc
import pytest
from diptych.consistency.v1.consistency_pb2 import ConsistencyToken
from diptych.families.v1 import family_query_service_pb2 as queries
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

from read_service.families import service
from tests import family_events as say
from tests.services.family_read_models import family_service
from tests.services.kit_service import refusal_of
from tests.services.order_read_models import ReadModels, fresh
from tests.services.watching import LIMIT_SECONDS, begin, following
from tests.valkey_server import TestValkey

ONE = queries.WatchFamilyRequest(family_id="smith")
AT_RISK = queries.WatchAtRiskFamiliesRequest(min_risk_score=70)
TIERS = queries.WatchFamiliesByRiskTierRequest()
PAYMENTS = queries.WatchPaymentAnalyticsRequest()
ALL = (ONE, AT_RISK, TIERS, PAYMENTS)


async def test_a_watched_family_comes_as_it_is_and_again_after_each_change(
    models: ReadModels, stub: Any
) -> None:
    await models.write(
        say.enrolled(), say.child_added("Zoë", "2015-05-01"), say.invoiced("i", 5, "2024-01-15")
    )
    watch = begin(stub, ONE)
    first = (await following(watch)).family
    assert (first.version, first.overdue_cents) == (3, 5)
    assert first.oldest_child_age == first.children[0].age > 0
    await models.write(say.enrolled("other"))
    await models.write(say.contacted("2024-01-02"))
    response = await following(watch)
    assert response.family.version == 4
    assert response.family.HasField("days_since_contact")
    assert response.changes_through.token == models.token(models.position)


async def test_a_resumed_watch_sends_only_what_is_newer(models: ReadModels, stub: Any) -> None:
    await models.write(say.enrolled(), say.contacted("2024-01-02"))
    newest = queries.WatchFamilyRequest(
        family_id="smith", resume_from=ConsistencyToken(token=models.token(2))
    )
    reading = asyncio.create_task(following(begin(stub, newest)))
    await asyncio.wait((reading,), timeout=0.05)
    assert not reading.done()
    await models.write(say.contacted("2024-01-03"))
    assert (await reading).family.version == 3
    older = queries.WatchFamilyRequest(family_id="smith", resume_from=ConsistencyToken(token=models.token(1)))
    assert (await following(begin(stub, older))).family.version == 3


async def test_a_family_that_is_not_there_can_not_be_watched(models: ReadModels, stub: Any) -> None:
    await models.write(say.enrolled("other"))
    refused = await refusal_of(following(begin(stub, ONE)))
    assert (refused.code, refused.info.reason) == (grpc.StatusCode.NOT_FOUND, "FAMILY_NOT_FOUND")


@pytest.mark.parametrize("request_", ALL)
async def test_a_watch_waits_for_the_token_of_what_was_just_written(
    models: ReadModels, stub: Any, request_: Any
) -> None:
    await models.write(say.enrolled("other"))
    token = models.append(say.enrolled(), say.risk(0, 90))
    waiting = type(request_)(consistency=fresh(token))
    waiting.MergeFrom(request_)
    reading = asyncio.create_task(following(begin(stub, waiting)))
    await asyncio.wait((reading,), timeout=0.05)
    assert not reading.done()
    await models.catch_up()
    assert (await reading).freshness.position == models.position


@pytest.mark.parametrize("request_", ALL)
async def test_a_heartbeat_comes_while_nothing_changes(
    models: ReadModels, lively_stub: Any, request_: Any
) -> None:
    await models.write(say.enrolled(), say.risk(0, 90), say.invoiced("i", 5, "2024-01-15"))
    watch = begin(lively_stub, request_)
    assert not (await following(watch)).heartbeat
    for _ in range(2):
        _check_heartbeat(await following(watch), position=3)
    # Of another family, at no risk, without money: no change of anything that is watched here.
    await models.write(
        say.logged_in("2024-01-01", family_id="smith") if request_ in (TIERS, PAYMENTS) else OTHER
    )
    while (response := await following(watch)).freshness.position == 3:
        _check_heartbeat(response, position=3)
    _check_heartbeat(response, position=4)


OTHER = say.enrolled("other")


def _check_heartbeat(response: Any, *, position: int) -> None:
    assert response.heartbeat
    assert response.freshness.position == position
    for name in ("families", "left_family_ids", "tiers", "months"):
        assert not getattr(response, name, ())


async def test_the_numbers_by_tier_come_again_when_they_change(models: ReadModels, stub: Any) -> None:
    await models.write(say.enrolled())
    watch = begin(stub, TIERS)
    assert [row.families for row in (await following(watch)).tiers] == [0, 0, 0, 1]
    await models.write(say.logged_in("2024-01-01"))
    await models.write(say.risk(0, 90))
    response = await following(watch)
    assert [row.families for row in response.tiers] == [1, 0, 0, 0]
    assert response.freshness.position == 3
    await models.write(say.withdrawn("2024-02-01"))
    assert [row.families for row in (await following(watch)).tiers] == [0, 0, 0, 0]


async def test_the_payments_by_month_come_again_when_they_change(models: ReadModels, stub: Any) -> None:
    await models.write(
        say.enrolled(), say.invoiced("i", 500, "2024-01-15"), say.invoiced("j", 7, "2024-02-15")
    )
    watch = begin(stub, PAYMENTS)
    january = queries.WatchPaymentAnalyticsRequest(end_month=Date(year=2024, month=1))
    other = begin(stub, january)
    first = await following(watch)
    assert [row.revenue_expected_cents for row in first.months] == [7, 500]
    assert [row.revenue_overdue_cents for row in first.months] == [7, 500]
    assert [row.last_updated for row in first.months] == [first.freshness.as_of] * 2
    assert [row.revenue_expected_cents for row in (await following(other)).months] == [500]
    # Nothing of this is money, so only the time up to which the rows are complete is another.
    await models.write(say.logged_in("2024-01-01"))
    await models.write(say.paid("t", "2024-02-15", ("j", 7, 0)))
    response = await following(watch)
    assert [row.revenue_collected_cents for row in response.months] == [7, 0]
    assert response.freshness.position == 5
    await models.write(say.paid("u", "2024-01-16", ("i", 500, 1)))
    assert [row.families_paid_late for row in (await following(other)).months] == [1]


async def test_rows_that_change_because_the_day_does_come_again(
    models: ReadModels, lively_stub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = date.fromisoformat("2024-01-15")
    monkeypatch.setattr(service, "today_utc", lambda: day)
    await models.write(say.enrolled(), say.invoiced("i", 500, "2024-01-15"))
    watch = begin(lively_stub, PAYMENTS)
    assert (await following(watch)).months[0].families_due == 1
    day = date.fromisoformat("2024-01-16")
    while (response := await following(watch)).heartbeat:
        pass
    assert (response.months[0].families_due, response.months[0].families_overdue) == (0, 1)


@pytest.mark.parametrize("request_", ALL)
async def test_a_watch_goes_on_through_a_rebuild(models: ReadModels, stub: Any, request_: Any) -> None:
    await models.write(say.enrolled(), say.invoiced("i", 5, "2024-01-15"), say.risk(0, 90))
    watch = begin(stub, request_)
    generation = (await following(watch)).freshness.generation
    await models.rebuild()
    await models.catch_up(limit=1)
    await models.write(say.risk(90, 95), say.paid("t", "2024-01-15", ("i", 5, 0)))
    while (response := await following(watch)).freshness.position != models.position:
        assert not response.heartbeat
    assert response.freshness.generation == generation + 1


@pytest.mark.parametrize("request_", ALL)
async def test_a_watch_of_a_history_that_is_over_ends(models: ReadModels, stub: Any, request_: Any) -> None:
    await models.write(say.enrolled())
    watch = begin(stub, request_)
    await following(watch)
    models.log.epoch = uuid4()
    await models.rebuild()
    refused = await refusal_of(following(watch))
    assert (refused.code, refused.info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "EPOCH_CHANGED")


@pytest.mark.parametrize("request_", ALL)
async def test_a_draining_read_service_ends_its_watches(
    valkey: TestValkey, models: ReadModels, request_: Any
) -> None:
    await models.write(say.enrolled())
    async with family_service(valkey, drain_seconds=5.0) as stub:
        watch = begin(stub, request_)
        await following(watch)
        reading = asyncio.create_task(refusal_of(watch.read()))
    refused = await asyncio.wait_for(reading, LIMIT_SECONDS)
    assert (refused.code, refused.info.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
