"""A grpc.aio server in one process that does nothing: it answers bytes that it was given at its start.

python -m bench.floors.echo_service <bytes of an answer> [<messages of an answer>]
"""

import asyncio
import sys
from collections.abc import AsyncIterator

import grpc
import grpc.aio
import uvloop

UNARY = "/bench.Echo/Unary"
STREAM = "/bench.Echo/Stream"


async def main(size: int, messages: int) -> None:
    """Serve until the process is ended."""
    answer = bytes(size)

    async def unary(_request: bytes, _context: object) -> bytes:
        return answer

    async def stream(_request: bytes, _context: object) -> AsyncIterator[bytes]:
        for _ in range(messages):
            yield answer

    server = grpc.aio.server()
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Stream": grpc.unary_stream_rpc_method_handler(stream),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Echo", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"ready 127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
