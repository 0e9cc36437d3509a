"""Server reflection, so that grpcurl and buf curl need no protos: v1alpha and v1."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from typing import Any

from grpc_reflection.v1alpha import reflection, reflection_pb2  # type: ignore[import-untyped] # ships no types

from service_kit.context import CallContext
from service_kit.methods import CallKind, Method

_V1_RPC = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
_V1ALPHA_RPC = "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


def reflection_methods(service_names: Iterable[str]) -> list[Method]:
    """Answer both versions; their messages are the same on the wire, and only v1alpha ships for Python.

    v1 is not among the names listed: its descriptor is not in the pool, and buf curl fails on such a name.
    """
    servicer: Any = reflection.aio.ReflectionServicer((*service_names, reflection.SERVICE_NAME))

    async def server_reflection_info(
        requests: AsyncIterator[reflection_pb2.ServerReflectionRequest], _context: CallContext
    ) -> AsyncGenerator[reflection_pb2.ServerReflectionResponse, None]:
        async for answer in servicer.ServerReflectionInfo(requests, None):
            yield answer

    return [
        Method(
            name=name,
            kind=CallKind.DUPLEX,
            request_type=reflection_pb2.ServerReflectionRequest,
            handler=server_reflection_info,
            is_exempt=True,
        )
        for name in (_V1_RPC, _V1ALPHA_RPC)
    ]
