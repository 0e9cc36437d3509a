"""From the start of a process to its end: one ready line, and a drain when it is told to stop."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Literal

import uvloop
from pydantic import ValidationError

from service_kit.errors import StartRefused
from service_kit.log import configure_logging, logger
from service_kit.metrics import serve_metrics
from service_kit.server import GrpcServer
from service_kit.settings import Settings
from service_kit.workers import Crew, Workers

ServiceName = Literal["write", "read", "projector"]

# Beyond the drain, for a worker to close its connections.
_SPARE_STOP_SECONDS = 4.0


def run(main: Callable[[Settings], Coroutine[Any, Any, None]], *, service: ServiceName) -> None:
    """Run a process's main on uvloop with its settings, or as many processes as these say.

    Exits with 1 and one line when it can't start.
    """
    try:
        settings = Settings()
        configure_logging(settings.log_level)
        crew = _crew(settings, service)
        if crew.workers > 1 and settings.worker is None:
            asyncio.run(Workers(crew).run())
            return
        serve_metrics(settings.metrics_address)
        uvloop.run(main(settings))
    except StartRefused as refused:
        sys.exit(f"diptych can't start: {refused}")
    except ValidationError as error:
        wrong = "; ".join(
            f"DIPTYCH_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors()
        )
        sys.exit(f"diptych can't start: {wrong}")


def _crew(settings: Settings, service: ServiceName) -> Crew:
    return Crew(
        workers=getattr(settings, f"{service}_processes"),
        address=getattr(settings, f"{service}_address"),
        address_variable=f"DIPTYCH_{service.upper()}_ADDRESS",
        metrics_address=settings.metrics_address,
        stop_seconds=settings.drain_notice_seconds + settings.drain_seconds + _SPARE_STOP_SECONDS,
    )


async def serve(name: str, server: GrpcServer) -> None:
    """Start the server, say so on stdout, and serve until SIGTERM or SIGINT; a second signal ends at once."""
    told = _signals()
    if server.is_worker:
        _watch_supervisor(told)
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


def _watch_supervisor(told: asyncio.Queue[int]) -> None:
    """Take the end of standard input, which the supervisor holds open, for a signal to stop."""

    def look() -> None:
        if not os.read(sys.stdin.fileno(), 1):
            loop.remove_reader(sys.stdin.fileno())
            told.put_nowait(signal.SIGTERM)

    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), look)
