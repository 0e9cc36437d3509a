"""Lists go on in the generation that they began in, or say that it is gone; never in two at once."""

import random
from typing import Any

import pytest
from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.orders.v1.events_pb2 import StockReceived

from tests.order_histories import History
from tests.services.kit_service import refusal_of
from tests.services.order_read_models import ReadModels, pages_of


async def _begun(stub: Any, models: ReadModels) -> str:
    """The token of a list of ten orders that goes on after the third."""
    history = History(random.Random(29))  # noqa: S311 - a test's dice
    models.append(*history.beginning())
    for messages in history.place_many(10):
        models.append(*messages)
    await models.catch_up()
    [page] = await pages_of(stub, queries.ListOrdersRequest(limit=3))
    return str(page.next_page_token)


async def _generations(stub: Any, token: str) -> set[int]:
    pages = await pages_of(stub, queries.ListOrdersRequest(page_size=3, page_token=token))
    assert sum(len(page.orders) for page in pages) == 7
    return {page.freshness.generation for page in pages}


async def test_a_list_goes_on_in_the_generation_that_it_began_in(stub: Any, models: ReadModels) -> None:
    """As long as that one is kept; it is not kept up to date, so nothing fresher can be asked of it."""
    token, first = await _begun(stub, models), models.generation
    await models.fill_beside()
    assert await _generations(stub, token) == {first}
    [page] = await pages_of(stub, queries.ListOrdersRequest(limit=3))
    assert page.freshness.generation == first + 1
    await models.write(StockReceived(sku="mug", quantity=1))
    fresher = queries.ListOrdersRequest(page_size=3, page_token=token)
    fresher.consistency.at_least_as_fresh.token = models.token(models.position)
    for refused_request in (fresher, queries.ListOrdersRequest(page_size=3, page_token=token)):
        refused = await refusal_of(pages_of(stub, refused_request))
        assert refused.info.reason == "GENERATION_GONE"
        await models.drop(first)


async def test_without_that_guard_pages_of_two_generations_make_one_list(
    stub: Any, models: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sabotaged twin: nobody looks from which generation a page comes."""
    monkeypatch.setattr("read_service.freshness._stands_on", lambda _floor, _place: True)
    token, first = await _begun(stub, models), models.generation
    await models.fill_beside()
    await models.drop(first)
    assert await _generations(stub, token) == {first + 1}
