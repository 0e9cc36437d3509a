"""Commands over gRPC: receipts, versions, refusals, and what two services know of each other."""

import asyncio
from typing import Any
from uuid import uuid4

import grpc
from diptych.orders.v1 import order_command_service_pb2 as commands

from service_kit.consistency_token import open_point
from tests.postgres_server import LogDatabase
from tests.services.kit_service import refusal_of
from tests.services.write_services import (
    TOKEN_KEY,
    a_context,
    place,
    receive,
    whole_log,
    without_replayed,
    write_service,
)


def _suspend(customer_id: str) -> commands.SuspendCustomerRequest:
    return commands.SuspendCustomerRequest(context=a_context(), customer_id=customer_id, reason="unpaid")


async def test_a_receipt_names_the_commands_place_in_the_log(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        await caller.customer("anna")
        await caller.product("cup", 5)
        context = {"correlation_id": "work-1", "causation_id": "cause-1"}
        answer = await caller.orders.PlaceOrder(place("anna", {"cup": 2}, **context))
    events = await whole_log(log_database)
    last = events[-1]
    assert (last.type, last.correlation_id, last.causation_id) == (
        "diptych.orders.v1.StockReserved",
        "work-1",
        "cause-1",
    )
    receipt = answer.receipt
    assert (receipt.stream, receipt.version, receipt.position) == (
        f"order-{answer.order_id}",
        1,
        last.position,
    )
    assert receipt.recorded_at.ToDatetime(last.recorded_at.tzinfo) == last.recorded_at
    point = open_point(receipt.token.token, bytes.fromhex(TOKEN_KEY))
    assert (point.position, point.stream, point.version) == (last.position, receipt.stream, 1)
    assert not receipt.replayed


async def test_a_made_id_is_a_uuid_of_version_7(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        answer = await caller.customer("")
    assert answer.customer_id[14] == "7"


async def test_a_stale_expected_version_is_refused_with_both_versions(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        await caller.product("cup", 5)
        refused = await refusal_of(caller.orders.ReceiveStock(receive("cup", expected_version=1)))
        assert (refused.code, refused.info.reason) == (grpc.StatusCode.ABORTED, "WRONG_EXPECTED_VERSION")
        assert refused.info.metadata == {
            "stream": "product-cup",
            "expected_version": "1",
            "current_version": "2",
        }
        answer = await caller.orders.ReceiveStock(receive("cup", expected_version=2))
        assert answer.receipt.version == 3


async def test_an_expected_version_is_compared_with_the_log_and_not_with_memory(
    log_database: LogDatabase,
) -> None:
    async with write_service(log_database) as one, write_service(log_database) as two:
        await one.product("cup", 5)
        await two.orders.ReceiveStock(receive("cup"))
        # The first service still remembers version 2.
        answer = await one.orders.ReceiveStock(receive("cup", expected_version=3))
        assert answer.receipt.version == 4
        refused = await refusal_of(two.orders.ReceiveStock(receive("cup", expected_version=3)))
        assert refused.info.metadata["current_version"] == "4"


async def test_a_refusal_is_true_of_the_log_and_not_of_memory(log_database: LogDatabase) -> None:
    async with write_service(log_database) as one, write_service(log_database) as two:
        await one.customer("anna")
        await one.product("cup", 50)
        await two.orders.PlaceOrder(place("anna", {"cup": 1}))
        for _ in range(5):
            await one.orders.SuspendCustomer(_suspend("anna"))
            refused = await refusal_of(two.orders.PlaceOrder(place("anna", {"cup": 1})))
            assert refused.info.reason == "ACCOUNT_SUSPENDED"
            await one.orders.ReinstateCustomer(
                commands.ReinstateCustomerRequest(context=a_context(), customer_id="anna")
            )
            # Its memory says suspended, and the log no longer does.
            await two.orders.PlaceOrder(place("anna", {"cup": 1}))


async def test_each_short_item_is_a_violation(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        await caller.customer("anna")
        await caller.product("cup", 1)
        await caller.product("jar", 2)
        refused = await refusal_of(caller.orders.PlaceOrder(place("anna", {"cup": 5, "jar": 5})))
    assert (refused.code, refused.info.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "INSUFFICIENT_INVENTORY",
    )
    violations = refused._detail("PreconditionFailure").violations
    assert [(each.subject, each.description) for each in violations] == [
        ("product-cup", "5 wanted, 1 available"),
        ("product-jar", "5 wanted, 2 available"),
    ]


async def test_kinds_of_refusals_have_their_codes(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        await caller.customer("anna")
        again = commands.RegisterCustomerRequest(
            context=a_context(), customer_id="anna", name="Anna", email="anna@example.com"
        )
        refused = await refusal_of(caller.orders.RegisterCustomer(again))
        assert (refused.code, refused.info.reason) == (grpc.StatusCode.ALREADY_EXISTS, "CUSTOMER_EXISTS")
        refused = await refusal_of(caller.orders.ReceiveStock(receive("nothing")))
        assert (refused.code, refused.info.reason) == (grpc.StatusCode.NOT_FOUND, "PRODUCT_NOT_FOUND")
        refused = await refusal_of(caller.orders.ReceiveStock(receive("cup", 0)))
        assert (refused.code, refused.info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert len(await whole_log(log_database)) == 1


async def test_a_command_whose_time_is_over_is_in_the_log_whole_or_not_at_all(
    log_database: LogDatabase,
) -> None:
    """Which of both it was, its command id tells."""
    async with write_service(log_database) as caller:
        await caller.customer("anna")
        await caller.product("cup", 1000)
        requests = [place("anna", {"cup": 1}, command_id=str(uuid4())) for _ in range(120)]

        async def send(number: int, request: Any) -> Any:
            try:
                return await caller.orders.PlaceOrder(request, timeout=0.0005 * (1 + number % 20))
            except grpc.aio.AioRpcError as error:
                assert error.code() in (  # noqa: PT017 - told apart by code
                    grpc.StatusCode.DEADLINE_EXCEEDED,
                    grpc.StatusCode.ABORTED,
                )

        first = await asyncio.gather(*(send(*each) for each in enumerate(requests)))
        again = [await caller.orders.PlaceOrder(request) for request in requests]
    for before, after in zip(first, again, strict=True):
        assert before is None or without_replayed(after) == before
    events = await whole_log(log_database)
    placed = [event.command_id for event in events if event.type.endswith(".OrderPlaced")]
    assert len(placed) == len(set(placed)) == len(requests)
    assert sum(event.type.endswith(".StockReserved") for event in events) == len(requests)
