"""What a process does when it comes to a failpoint."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable

from failpoints.plan import Failpoint, parse

# What a process says when it comes to an armed failpoint, before anything happens.
REACHED = "reached failpoint "
_armed = parse(os.environ.get("DIPTYCH_FAILPOINTS", ""))
_hits: Counter[str] = Counter()
is_armed = bool(_armed)


def _reset() -> None:
    raise ConnectionResetError("a failpoint lost the connection")


async def reach(name: str, lose: Callable[[], None] = _reset) -> None:
    """Comes to a place; `lose` is what losing the connection means there."""
    failpoint = _due(name)
    if failpoint is None:
        return
    if failpoint.seconds:
        await asyncio.sleep(failpoint.seconds)
    _act(failpoint, lose)


def soon(name: str, lose: Callable[[], None]) -> None:
    """Comes to the middle of a call that begins now: what happens, happens while it is under way."""
    failpoint = _due(name)
    if failpoint is not None:
        asyncio.get_running_loop().call_later(failpoint.seconds, _act, failpoint, lose)


def _due(name: str) -> Failpoint | None:
    failpoint = _armed.get(name)
    if failpoint is None:
        return None
    _hits[name] += 1
    turn = _hits[name] % failpoint.hit if failpoint.is_repeated else _hits[name] - failpoint.hit
    return failpoint if turn == 0 else None


def _act(failpoint: Failpoint, lose: Callable[[], None]) -> None:
    # Straight to the descriptor: nothing that is buffered would leave a process that dies now.
    os.write(2, f"{REACHED}{failpoint}\n".encode())
    match failpoint.action:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "lose":
            lose()
        case "delay":
            pass
