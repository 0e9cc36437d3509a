"""A decision rests on what others were to write: when that fails, it never takes effect on its own."""

import asyncio

import grpc
import pytest

from tests.postgres_server import LogDatabase
from tests.services.append_gate import append_gate
from tests.services.write_services import oversold, place, whole_log, write_service
from write_service import decisions


async def _run(database: LogDatabase) -> dict[str, int]:
    """Orders decided one on the other at a service that does not know yet what another service sold.

    The first meets the other service's order. The second counts on the version that the first was to
    write, and a version of that number is there by then: the other service's.
    """
    sent = [place("anna", {"cup": 1}), place("anna", {"cup": 9})]
    async with write_service(database) as one, write_service(database) as two:
        await one.customer("anna")
        await one.product("cup", 10)
        await two.orders.PlaceOrder(place("anna", {"cup": 8}))
        answering = []
        with append_gate(sent) as gate:
            for number, request in enumerate(sent, 1):
                answering.append(asyncio.ensure_future(one.orders.PlaceOrder(request)))
                await gate.submitted(number)
        for answer in await asyncio.gather(*answering, return_exceptions=True):
            if isinstance(answer, BaseException):
                assert isinstance(answer, grpc.aio.AioRpcError)
                assert answer.code() is grpc.StatusCode.FAILED_PRECONDITION
    return oversold(await whole_log(database))


async def test_what_rests_on_a_failed_append_is_decided_again(log_database: LogDatabase) -> None:
    assert await _run(log_database) == {}


async def test_twin_appends_that_do_not_follow_what_they_rest_on_oversell(
    log_database: LogDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "_follows", lambda *_: ())
    assert await _run(log_database) == {"cup": 7}
