"""How a test follows a watch."""

import asyncio
from typing import Any

import grpc
from google.protobuf.message import Message

LIMIT_SECONDS = 60.0


def begin(stub: Any, request: Message) -> Any:
    """The call of the RPC that the request is of."""
    return getattr(stub, request.DESCRIPTOR.name.removesuffix("Request"))(request)


async def following(call: Any) -> Any:
    """The next response of a watch."""
    response = await asyncio.wait_for(call.read(), LIMIT_SECONDS)
    assert response is not grpc.aio.EOF
    return response
