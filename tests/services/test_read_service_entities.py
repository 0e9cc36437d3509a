"""Queries of one order, customer or product, over a real port and a real Valkey."""

from typing import Any

import grpc
import pytest
from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.orders.v1 import views_pb2 as views

from tests.order_events import (
    START,
    approved,
    cancelled,
    credited,
    instant,
    placed,
    product,
    registered,
    shipped,
)
from tests.services.kit_service import refusal_of
from tests.services.order_read_models import ReadModels

MUGS = ("mug", 2, 100)


async def get_customer(stub: Any) -> views.Customer:
    answer = await stub.GetCustomer(queries.GetCustomerRequest(customer_id="alice"))
    return answer.customer  # type: ignore[no-any-return] # a stub of a channel without types


async def test_an_order_comes_with_its_items_and_freshness(models: ReadModels, stub: Any) -> None:
    await models.write(placed("1", MUGS), approved("1"))
    answer = await stub.GetOrder(queries.GetOrderRequest(order_id="1"))
    assert answer.order.status == views.ORDER_STATUS_APPROVED
    assert (answer.order.version, len(answer.order.items)) == (2, 1)
    assert answer.freshness.position == 2
    assert answer.freshness.as_of == answer.order.last_updated
    assert not answer.freshness.stale
    assert answer.freshness.lag.ToNanoseconds() == 0
    assert answer.freshness.token.token == models.token(2)


@pytest.mark.parametrize(
    ("rpc", "field", "reason"),
    [
        ("GetOrder", "order_id", "ORDER_NOT_FOUND"),
        ("GetCustomer", "customer_id", "CUSTOMER_NOT_FOUND"),
        ("GetProduct", "sku", "PRODUCT_NOT_FOUND"),
    ],
)
async def test_what_is_not_there_is_not_found(
    models: ReadModels, stub: Any, rpc: str, field: str, reason: str
) -> None:
    await models.write(placed("1", MUGS))
    request = getattr(queries, f"{rpc}Request")(**{field: "none"})
    refused = await refusal_of(getattr(stub, rpc)(request))
    assert (refused.code, refused.info.reason) == (grpc.StatusCode.NOT_FOUND, reason)
    assert dict(refused.info.metadata) == {field: "none"}


async def test_a_customer_without_orders_has_zeros(models: ReadModels, stub: Any) -> None:
    await models.write(registered("alice"))
    customer = await get_customer(stub)
    assert (customer.name, customer.order_count, customer.currency_code) == ("Alice", 0, "")
    assert not customer.HasField("last_order_at")


async def test_a_customer_comes_with_totals_of_each_currency(models: ReadModels, stub: Any) -> None:
    await models.write(
        registered("alice"),
        placed("1", ("mug", 1, 300)),
        placed("2", ("mug", 1, 500), currency_code="EUR"),
        placed("3", ("mug", 1, 900)),
        cancelled("3"),
        credited("c1", 50, currency_code="EUR"),
    )
    customer = await get_customer(stub)
    assert (customer.order_count, customer.currency_code) == (2, "EUR")
    assert (customer.total_spent_cents, customer.credit_cents) == (500, 50)
    amounts = {each.currency_code: (each.total_spent_cents, each.credit_cents) for each in customer.amounts}
    assert amounts == {"EUR": (500, 50), "GBP": (300, 0)}


async def test_the_last_order_is_the_one_placed_last(models: ReadModels, stub: Any) -> None:
    earlier = START.replace(year=2010)
    await models.write(registered("alice"), placed("1", MUGS), placed("2", MUGS, at=earlier))
    customer = await get_customer(stub)
    assert (customer.last_order_id, customer.last_order_at) == ("1", instant(START))


async def test_a_product_comes_with_the_units_its_orders_hold(models: ReadModels, stub: Any) -> None:
    await models.write(
        product("mug"),
        events.StockReceived(sku="mug", quantity=10),
        placed("1", MUGS),
        events.StockReserved(sku="mug", quantity=2, order_id="1"),
        placed("2", ("mug", 3, 100)),
        events.StockReserved(sku="mug", quantity=3, order_id="2"),
        shipped("2"),
    )
    answer = await stub.GetProduct(queries.GetProductRequest(sku="mug"))
    mug = answer.product
    assert (mug.received, mug.reserved, mug.available, mug.sold) == (10, 2, 5, 3)
    [page] = [page async for page in stub.ListProducts(queries.ListProductsRequest())]
    assert list(page.products) == [mug]


async def test_an_invalid_id_is_refused_with_its_field(models: ReadModels, stub: Any) -> None:
    refused = await refusal_of(stub.GetOrder(queries.GetOrderRequest(order_id="a b")))
    assert (refused.code, refused.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["order_id"])
