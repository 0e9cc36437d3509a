"""What a write service remembers of a log that was restored never decides a command."""

from typing import Any

import grpc
import pytest

from tests.postgres_server import LogDatabase
from tests.services.write_services import Caller, place, receive, write_service
from tests.stores.restores import put_back, trust_every_history
from tests.waiting import eventually


async def _stocked_then_restored(database: LogDatabase, service: Caller, other: Caller) -> None:
    """The service remembers 10 cups; the log was put back, and by another process's word has 1, as old."""
    await service.customer("anna")
    await service.product("cup")
    before = await service.orders.ReceiveStock(receive("cup", 1))
    received = await service.orders.ReceiveStock(receive("cup", 9))
    put_back(database, before.receipt.position)
    again = await other.orders.ReceiveStock(receive("cup", 1))
    assert again.receipt.version == received.receipt.version


async def _settled(service: Caller, request: Any) -> Any:
    """The answer or the refusal, as soon as it is another one than to come again."""

    async def look() -> Any:
        try:
            return await service.orders.PlaceOrder(request)
        except grpc.aio.AioRpcError as error:
            return None if error.code() is grpc.StatusCode.UNAVAILABLE else error

    return await eventually(look)


async def test_stock_that_a_restore_took_away_is_not_sold(log_database: LogDatabase) -> None:
    async with write_service(log_database) as service, write_service(log_database) as other:
        await _stocked_then_restored(log_database, service, other)
        refused = await _settled(service, place("anna", {"cup": 5}))
        assert isinstance(refused, grpc.aio.AioRpcError)
        assert refused.code() is grpc.StatusCode.FAILED_PRECONDITION
        answer = await service.orders.PlaceOrder(place("anna", {"cup": 2}))
        assert answer.receipt.version == 1


async def test_without_the_check_it_is_sold(log_database: LogDatabase) -> None:
    """The sabotaged twin: the versions are right, the memory is not."""
    trust_every_history(log_database)
    async with write_service(log_database) as service, write_service(log_database) as other:
        await _stocked_then_restored(log_database, service, other)
        answer = await _settled(service, place("anna", {"cup": 5}))
        assert not isinstance(answer, grpc.aio.AioRpcError)


@pytest.mark.parametrize("units", [2, 5])
async def test_a_refusal_is_not_decided_on_what_is_gone_either(log_database: LogDatabase, units: int) -> None:
    """The other way round: the service remembers less than the log has now."""
    async with write_service(log_database) as service, write_service(log_database) as other:
        await service.customer("anna")
        await service.product("cup")
        before = await service.orders.ReceiveStock(receive("cup", 1))
        await service.orders.ReceiveStock(receive("cup", 1))
        put_back(log_database, before.receipt.position)
        await other.orders.ReceiveStock(receive("cup", 9))
        answer = await _settled(service, place("anna", {"cup": units}))
        assert not isinstance(answer, grpc.aio.AioRpcError), answer
