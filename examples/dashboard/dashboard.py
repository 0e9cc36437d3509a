"""A coordinator's dashboard: who may leave, how the tiers stand, how tuition is paid; live, on one screen."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import grpc
from diptych.consistency.v1.consistency_pb2 import Consistency
from rich.console import Console
from rich.live import Live

from board import Board
from frame import Frame
from page import page
from watches import connect, follow, watches_of

# The clocks on the page tick each second; changes show sooner, but no faster than an eye can follow.
_TICK_SECONDS, _SHORTEST_SECONDS = 1.0, 0.1
# Where there is no terminal to ask for its size.
_COLUMNS, _LINES = "100", "30"


def main() -> int:
    """Show the page until Ctrl-C, or once; answer the exit code."""
    options, console = _options(), _console()
    # A shell starts what runs in the background with Ctrl-C ignored, and that is inherited.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Whoever asks it to end gets the terminal back as Ctrl-C leaves it.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    problems: list[str] = []
    try:
        asyncio.run(_run(options, console))
    except* KeyboardInterrupt:
        pass
    except* grpc.aio.AioRpcError as group:
        problems += [str(each.details()) for each in group.exceptions if isinstance(each, grpc.RpcError)]
    except* TimeoutError as group:
        problems += [str(each) for each in group.exceptions]
    for problem in problems[:1]:
        Console(stderr=True, highlight=False).print(f"{options.address}: {problem}", markup=False)
    return 1 if problems else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1:50052", help="the read service (%(default)s)")
    parser.add_argument("--tls-ca", type=Path, help="what its certificate is checked with (none: plaintext)")
    parser.add_argument("--min-risk", type=int, default=70, help="the lowest score listed (%(default)s)")
    parser.add_argument("--once", action="store_true", help="print one screen and exit, as in a pipe")
    parser.add_argument(
        "--timeout", type=float, default=10.0, help="with --once: seconds to wait for it (%(default)s)"
    )
    return parser.parse_args()


def _console() -> Console:
    if not sys.stdout.isatty():
        os.environ.setdefault("COLUMNS", _COLUMNS)
        os.environ.setdefault("LINES", _LINES)
    return Console(highlight=False)


async def _run(options: argparse.Namespace, console: Console) -> None:
    """Follow the watches for as long as the page is shown."""
    board, is_live = Board(min_risk_score=options.min_risk), console.is_terminal and not options.once
    # A page that is shown once waits for what was written just before.
    consistency = Consistency(fully_consistent=True) if not is_live else Consistency()
    async with connect(options.address, options.tls_ca) as channel, asyncio.TaskGroup() as group:
        watches = watches_of(channel, board, consistency)
        following = [group.create_task(follow(watch, board)) for watch in watches]
        await (_show(board, console) if is_live else _show_once(board, console, options.timeout))
        for task in following:
            task.cancel()


async def _show(board: Board, console: Console) -> None:
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            live.update(page(board, _frame(console, is_live=True)), refresh=True)
            await asyncio.sleep(_SHORTEST_SECONDS)
            await _news(board, _TICK_SECONDS - _SHORTEST_SECONDS)


async def _show_once(board: Board, console: Console, timeout_seconds: float) -> None:
    deadline = time.monotonic() + timeout_seconds
    while not board.is_complete:
        await _news(board, _TICK_SECONDS)
        if time.monotonic() > deadline:
            reasons = {each.reason for each in board.connections.values() if each.reason}
            raise TimeoutError(f"no page within {timeout_seconds:g} s {', '.join(sorted(reasons))}")
    console.print(page(board, _frame(console, is_live=False)))


async def _news(board: Board, seconds: float) -> None:
    """Wait for news, but no longer than this."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await board.news.wait()
    board.news.clear()


def _frame(console: Console, *, is_live: bool) -> Frame:
    return Frame(
        width=console.width,
        height=console.height,
        now=time.monotonic(),
        today=datetime.now(UTC).date(),
        is_live=is_live,
    )


if __name__ == "__main__":
    sys.exit(main())
