"""A stream that is ended from outside while its first message, and the headers with it, is on its way."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from service_kit import aio_engine
from service_kit.context import CallContext
from service_kit.refusals import shutting_down
from tests.services.kit_service import (
    Weaving,
    answer,
    duplex,
    refusal_of,
    rest_of,
    serving,
    stream,
    valid_request,
)
from tests.waiting import DEADLINE_SECONDS


async def _spin(request: Any, context: CallContext) -> AsyncIterator[Any]:
    # Done before anything else that waits, so before the engine hears that the message was sent.
    asyncio.get_running_loop().call_soon(context.interrupt, shutting_down())
    yield answer(valid_request("x" * int(request.order_id)))
    await asyncio.Event().wait()


async def _mend(requests: Any, context: CallContext) -> AsyncIterator[Any]:
    async for request in requests:
        async for response in _spin(request, context):
            yield response


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("size", [1, 300_000])
async def test_its_caller_learns_why_after_the_message(size: int) -> None:
    request = valid_request(str(size))
    async with serving(Weaving(spin=_spin, mend=_mend)) as (_, channel):
        for call in (stream(channel)(request), duplex(channel)(iter([request]))):
            assert (await asyncio.wait_for(call.read(), DEADLINE_SECONDS)).order_id == "x" * size
            refused = await asyncio.wait_for(refusal_of(rest_of(call)), DEADLINE_SECONDS)
            assert (refused.code, refused.info.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")


async def test_where_nobody_waits_for_the_first_message_no_status_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sabotaged twin: the message is sent in the call's own task, and so cancelled with it."""

    async def write(sending: Any, body: bytes, _is_followed: bool) -> None:
        await sending._send(body)

    monkeypatch.setattr(aio_engine._Sending, "write", write)
    async with serving(Weaving(spin=_spin), grpc_engine="aio") as (server, channel):
        call = stream(channel)(valid_request("1"))
        assert (await call.read()).order_id
        reading = asyncio.create_task(refusal_of(rest_of(call)))
        # The call hangs until the grace is over, when the library cuts it off.
        await server.stop(0.2)
        assert (await reading).details == {}
