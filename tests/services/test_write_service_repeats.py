"""A command sent again: one effect, and the same answer, however the first one went."""

import asyncio
from contextlib import suppress
from typing import Any

import grpc
from diptych.orders.v1 import order_command_service_pb2 as commands

from tests.postgres_server import LogDatabase
from tests.services.holding_proxy import holding_proxy
from tests.services.kit_service import refusal_of
from tests.services.write_services import (
    Caller,
    a_context,
    place,
    receive,
    whole_log,
    without_replayed,
    write_process,
    write_service,
)
from tests.waiting import eventually


def _check_equal(answers: list[Any]) -> None:
    assert len({without_replayed(answer).SerializeToString(deterministic=True) for answer in answers}) == 1
    assert sum(not answer.receipt.replayed for answer in answers) <= 1


async def _placed(database: LogDatabase) -> int:
    return sum(event.type.endswith(".OrderPlaced") for event in await whole_log(database))


async def test_repeats_at_the_same_time_have_one_effect_and_equal_answers(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        await caller.customer("anna")
        await caller.product("cup", 100)
        for _ in range(10):
            request = place("anna", {"cup": 1})
            _check_equal(await asyncio.gather(*(caller.orders.PlaceOrder(request) for _ in range(8))))
    assert await _placed(log_database) == 10


async def test_repeats_through_two_processes_have_one_effect_and_equal_answers(
    log_database: LogDatabase,
) -> None:
    async with write_process(log_database) as one, write_process(log_database) as two:
        await one.caller.customer("anna")
        await one.caller.product("cup", 1000)
        for _ in range(30):
            request = place("anna", {"cup": 1})
            callers = [one.caller, two.caller] * 3
            _check_equal(await asyncio.gather(*(caller.orders.PlaceOrder(request) for caller in callers)))
    assert await _placed(log_database) == 30


async def test_a_repeat_after_a_killed_connection_gets_the_answer_that_was_lost(
    log_database: LogDatabase,
) -> None:
    async with write_service(log_database) as caller:
        await caller.customer("anna")
        await caller.product("cup", 5)
        request = place("anna", {"cup": 1})
        address = caller.channel_address
        async with holding_proxy(address) as proxy, grpc.aio.insecure_channel(proxy.address) as channel:
            through_proxy = Caller(channel, proxy.address)
            await through_proxy.orders.ReceiveStock(receive("cup"))
            proxy.hold_answers()
            lost = asyncio.ensure_future(through_proxy.orders.PlaceOrder(request))

            async def is_in_the_log() -> bool:
                return await _placed(log_database) == 1

            await eventually(is_in_the_log)
            proxy.cut()
            with suppress(grpc.aio.AioRpcError):
                await lost
                raise AssertionError("the answer came through a cut connection")
        again = await caller.orders.PlaceOrder(request)
        assert again.receipt.replayed
        _check_equal([again, await caller.orders.PlaceOrder(request)])
    assert await _placed(log_database) == 1


async def test_a_repeat_is_answered_where_the_rules_would_refuse_it_now(log_database: LogDatabase) -> None:
    async with write_service(log_database) as one, write_service(log_database) as two:
        await one.customer("anna")
        await one.product("cup", 2)
        request = place("anna", {"cup": 2}, expected_version=0)
        first = await one.orders.PlaceOrder(request)
        suspend = commands.SuspendCustomerRequest(context=a_context(), customer_id="anna", reason="unpaid")
        suspended = await one.orders.SuspendCustomer(suspend)
        for caller in (one, two):
            _check_equal([first, await caller.orders.PlaceOrder(request)])
            _check_equal([suspended, await caller.orders.SuspendCustomer(suspend)])


async def test_the_same_id_with_other_content_is_refused_without_effect(log_database: LogDatabase) -> None:
    async with write_service(log_database) as one, write_service(log_database) as two:
        await one.product("cup", 5)
        request = receive("cup", 1)
        await one.orders.ReceiveStock(request)
        before = len(await whole_log(log_database))
        request.quantity = 2
        # Accepted by the rules, and refused by them: the id is what is told either way.
        refusable = commands.AdjustStockRequest(context=request.context, sku="cup", delta=-99, reason="lost")
        for caller in (one, two):
            for call in (caller.orders.ReceiveStock(request), caller.orders.AdjustStock(refusable)):
                refused = await refusal_of(call)
                assert (refused.code, refused.info.reason) == (
                    grpc.StatusCode.ALREADY_EXISTS,
                    "COMMAND_ID_REUSED",
                )
    assert len(await whole_log(log_database)) == before


async def test_a_repeat_that_spells_its_id_otherwise_is_a_repeat(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        await caller.product("cup", 5)
        request = receive("cup", 1)
        first = await caller.orders.ReceiveStock(request)
        request.context.command_id = request.context.command_id.upper()
        _check_equal([first, await caller.orders.ReceiveStock(request)])
        batched = commands.ExecuteBatchRequest(receive_stock=request)
        [again] = [each async for each in caller.orders.ExecuteBatch(iter([batched]))]
        # As the caller spelled it, who has to find it again.
        assert again.command_id == request.context.command_id
        _check_equal([first, again.receive_stock])


async def test_a_refused_command_is_not_remembered(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        await caller.customer("anna")
        await caller.product("cup", 1)
        request = place("anna", {"cup": 2})
        assert (await refusal_of(caller.orders.PlaceOrder(request))).info.reason == "INSUFFICIENT_INVENTORY"
        await caller.orders.ReceiveStock(receive("cup", 1))
        assert not (await caller.orders.PlaceOrder(request)).receipt.replayed


async def test_repeats_of_a_refused_command_are_all_refused(
    log_database: LogDatabase,
) -> None:
    async with write_service(log_database) as caller:
        await caller.customer("anna")
        await caller.product("cup", 1)
        request = place("anna", {"cup": 2})
        refusals = await asyncio.gather(*(refusal_of(caller.orders.PlaceOrder(request)) for _ in range(8)))
    assert {refused.info.reason for refused in refusals} == {"INSUFFICIENT_INVENTORY"}
