"""Reports are remembered, and are what one would find now all the same: in figures, rows and freshness."""

import asyncio
import random
from typing import Any

import pytest
from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.orders.v1.views_pb2 import ORDER_STATUS_PENDING
from google.protobuf.message import Message

from read_service.reports import Reports
from read_store import Checkpoint
from tests.order_histories import History
from tests.services.order_read_models import ReadModels, fresh, pages_of, read_service
from tests.valkey_server import TestValkey

QUESTIONS = (
    queries.GetOrderDashboardRequest(page_size=3),
    queries.GetOrderDashboardRequest(page_size=3, is_high_value=True),
    queries.GetOrderDashboardRequest(page_size=3, status=ORDER_STATUS_PENDING),
    queries.GetSalesReportRequest(),
    queries.GetSalesReportRequest(granularity=queries.GRANULARITY_MONTH, split_by_country=True),
)


@pytest.fixture
def history() -> History:
    return History(random.Random(41))  # noqa: S311 - a test's dice


async def _ask(stub: Any, request: Message) -> Any:
    return await getattr(stub, type(request).DESCRIPTOR.name.removesuffix("Request"))(request)


async def _change(models: ReadModels, history: History) -> None:
    models.append(*history.move())
    for messages in history.place_many(2):
        models.append(*messages)
    await models.catch_up()


async def _always_as_found_now(models: ReadModels, history: History, stub: Any, valkey: TestValkey) -> bool:
    """Whether what is asked again and again is what a service says that is asked for the first time."""
    models.append(*history.beginning())
    for _ in range(6):
        await _change(models, history)
        async with read_service(valkey) as new:
            for request in (*QUESTIONS, *QUESTIONS):
                answer = await _ask(stub, request)
                # Lags differ in time only.
                answer.freshness.ClearField("lag")
                expected = await _ask(new, request)
                expected.freshness.ClearField("lag")
                if answer != expected:
                    return False
    return True


async def test_a_report_is_always_what_is_found_now(
    stub: Any, models: ReadModels, history: History, valkey: TestValkey
) -> None:
    assert await _always_as_found_now(models, history, stub, valkey)


async def test_a_report_that_outlives_its_place_is_seen(
    stub: Any, models: ReadModels, history: History, valkey: TestValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sabotaged twin: what was found before is always taken for what would be found."""
    monkeypatch.setattr(Checkpoint, "is_at", lambda _self, _place: True)
    assert not await _always_as_found_now(models, history, stub, valkey)


async def _always_of_its_place(models: ReadModels, history: History, stub: Any) -> bool:
    """Whether, while something is written, each of many answers has what was there when it was asked for,
    and the figures of the place that it tells.
    """
    await _change(models, history)
    counts, is_over, sound = {models.position: len(history.orders)}, False, True

    async def ask_again_and_again() -> None:
        nonlocal sound
        while not is_over:
            since = models.position
            answer = await _ask(stub, QUESTIONS[0])
            place = answer.freshness.position
            sound = sound and place >= since and answer.dashboard.total_count == counts[place]

    asking = [asyncio.create_task(ask_again_and_again()) for _ in range(12)]
    for _ in range(25):
        for messages in history.place_many(2):
            models.append(*messages)
        counts[models.log.head] = len(history.orders)
        await models.catch_up()
    is_over = True
    await asyncio.gather(*asking)
    return sound


async def test_reports_asked_for_while_something_is_written_are_of_their_place(
    stub: Any, models: ReadModels, history: History
) -> None:
    models.append(*history.beginning())
    assert await _always_of_its_place(models, history, stub)


async def test_twin_reports_of_another_place_are_seen_while_something_is_written(
    stub: Any, models: ReadModels, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    models.append(*history.beginning())
    monkeypatch.setattr(Checkpoint, "is_at", lambda _self, _place: True)
    assert not await _always_of_its_place(models, history, stub)


async def test_a_remembered_report_is_not_worked_out_again(
    stub: Any, models: ReadModels, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = 0
    make = Reports._made

    async def counted(*arguments: Any) -> bytes:
        nonlocal made
        made += 1
        return await make(*arguments)

    monkeypatch.setattr(Reports, "_made", counted)
    models.append(*history.beginning())
    await _change(models, history)
    for _ in range(3):
        for request in QUESTIONS:
            await _ask(stub, request)
    assert made == len(QUESTIONS)
    await _change(models, history)
    await _ask(stub, QUESTIONS[0])
    assert made == len(QUESTIONS) + 1


async def test_a_remembered_report_waits_for_a_token(stub: Any, models: ReadModels, history: History) -> None:
    models.append(*history.beginning())
    await _change(models, history)
    before = await stub.GetOrderDashboard(queries.GetOrderDashboardRequest())
    for messages in history.place_many(1):
        token = models.append(*messages)
    request = queries.GetOrderDashboardRequest(consistency=fresh(token))
    await models.catch_up()
    after = await stub.GetOrderDashboard(request)
    assert after.dashboard.total_count == before.dashboard.total_count + 1
    assert after.freshness.position == models.position


async def test_a_report_of_another_generation_is_made_anew(
    stub: Any, models: ReadModels, history: History
) -> None:
    """At the same position, for its token must go on in the generation that is live now."""
    models.append(*history.beginning())
    for messages in history.place_many(9):
        models.append(*messages)
    await models.catch_up()
    first = await stub.GetOrderDashboard(QUESTIONS[0])
    await models.rebuild()
    await models.catch_up()
    answer = await stub.GetOrderDashboard(QUESTIONS[0])
    assert answer.dashboard == first.dashboard
    assert answer.freshness.generation == first.freshness.generation + 1
    rest = await pages_of(stub, queries.ListOrdersRequest(page_token=answer.next_page_token))
    assert sum(len(page.orders) for page in rest) == 6
