"""The process that a soak of the engine loads, and what it says of itself."""

import asyncio
import contextlib
import gc
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvloop

from service_kit.context import CallContext
from service_kit.core_call import CoreCall
from tests.services.kit_service import Weaving, answer, serving, valid_request
from tests.waiting import eventually

_PAGE = answer(valid_request("x" * 4000)).SerializeToString()
_LONGEST_REST_SECONDS = 20.0
# grpc.aio's `_server_main_loop` has the state of the last call in a local until the next one comes, and with
# the error by which it was refused all of what the call was.
KEPT_CALLS = {"core": 0, "aio": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the serving process holds while no call is under way."""

    calls: int
    rss_bytes: int
    objects: int
    calls_held: int
    tasks: int
    files: int
    threads: int

    def __str__(self) -> str:
        return (
            f"{self.calls:>10,} {self.rss_bytes / 1e6:>8.1f} {self.objects:>8,} {self.calls_held:>10} "
            f"{self.tasks:>6} {self.files:>6} {self.threads:>8}"
        )


class SoakServer:
    """The serving process, asked over its pipes."""

    def __init__(self, engine: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.served_soak", engine],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self.address = self._said()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)

    def held(self) -> Held:
        """Ask, which waits until no call is under way."""
        assert self._process.stdin is not None
        self._process.stdin.write("held\n")
        self._process.stdin.flush()
        return Held(**json.loads(self._said()))

    def _said(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


class _Soaked:
    """The handlers, and how many calls came to them."""

    def __init__(self) -> None:
        self.calls = 0

    def weaving(self) -> Weaving:
        return Weaving(weave=self._weave, spin=self._spin, mend=self._mend)

    async def _weave(self, request: Any, _context: CallContext) -> Any:
        self.calls += 1
        if request.order_id == "wait":
            await asyncio.Event().wait()
        if request.order_id == "fail":
            raise LookupError
        return answer(request)

    async def _spin(self, request: Any, _context: CallContext) -> AsyncIterator[Any]:
        self.calls += 1
        for _ in range(5):
            yield [_PAGE] * 4
        while request.order_id == "endless":
            yield _PAGE

    async def _mend(self, requests: Any, _context: CallContext) -> AsyncIterator[Any]:
        self.calls += 1
        async for request in requests:
            yield answer(request)


async def _serve(engine: str) -> None:
    soaked = _Soaked()
    async with serving(soaked.weaving(), grpc_engine=engine) as (server, channel):
        # The client that comes along is not part of what is measured.
        await channel.close()
        print(server.address, flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await _held(soaked, KEPT_CALLS[engine])), flush=True)


async def _held(soaked: _Soaked, kept_calls: int) -> dict[str, int]:
    with contextlib.suppress(AssertionError):
        await eventually(lambda: _is_at_rest(kept_calls), seconds=_LONGEST_REST_SECONDS)
    # For what the collector found to be closed.
    await asyncio.sleep(0)
    return {"calls": soaked.calls, "tasks": len(asyncio.all_tasks()), "calls_held": _calls_held(), **_used()}


async def _is_at_rest(kept_calls: int) -> bool:
    # A call that was cancelled is let go by the collector only, by way of asyncio's own errors.
    gc.collect()
    return _calls_held() <= kept_calls


def _calls_held() -> int:
    return sum(type(each) in (CallContext, CoreCall) for each in gc.get_objects())


def _used() -> dict[str, int]:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return {
        "rss_bytes": pages * os.sysconf("SC_PAGE_SIZE"),
        "objects": len(gc.get_objects()),
        "files": sum(1 for _ in Path("/proc/self/fd").iterdir()),
        "threads": sum(1 for _ in Path("/proc/self/task").iterdir()),
    }


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1]))
