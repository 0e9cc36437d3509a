"""From the start of a process to its end: one ready line, and a drain when it is told to stop."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop
from pydantic import ValidationError

from service_kit.errors import StartRefused
from service_kit.log import configure_logging, logger
from service_kit.metrics import serve_metrics
from service_kit.server import GrpcServer
from service_kit.settings import Settings


def run(main: Callable[[Settings], Coroutine[Any, Any, None]]) -> None:
    """Run a process's main on uvloop with its settings; exit with 1 and one line when it can't start."""
    try:
        settings = Settings()
        configure_logging(settings.log_level)
        serve_metrics(settings.metrics_address)
        uvloop.run(main(settings))
    except StartRefused as refused:
        sys.exit(f"diptych can't start: {refused}")
    except ValidationError as error:
        wrong = "; ".join(
            f"DIPTYCH_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors()
        )
        sys.exit(f"diptych can't start: {wrong}")


async def serve(name: str, server: GrpcServer) -> None:
    """Start the server, say so on stdout, and serve until SIGTERM or SIGINT; a second signal ends at once."""
    told = _signals()
    await server.start()
    print(f"diptych {name} ready on {server.address}", flush=True)  # noqa: T201 - the line that starters wait for
    await told.get()
    logger().info("draining", address=server.address)
    draining = asyncio.ensure_future(server.stop())
    hurry = asyncio.ensure_future(told.get())
    await asyncio.wait((draining, hurry), return_when=asyncio.FIRST_COMPLETED)
    if not draining.done():
        await server.stop(0)
    hurry.cancel()
    await draining


def _signals() -> asyncio.Queue[int]:
    told: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.put_nowait, number)
    return told
