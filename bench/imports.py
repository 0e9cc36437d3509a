"""An import into a stack of its own, once and again, compared with independent sums each time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import uvloop
from rich.console import Console

from bench.running import Addresses, running_stack
from command_line.importing.progress import progress_view
from command_line.importing.replay import Replayed, Source, replay
from command_line.importing.report import Report
from command_line.importing.terminal import IN_FLIGHT
from tests.end_to_end.reading import wait_until_read

R = TypeVar("R", bound=Report)

_CATCH_UP_SECONDS = 1_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Import(Generic[R]):
    """What is imported, and how it is compared; `differences` prints what it compared."""

    source: Callable[[], Source[R]]
    streams: int
    summarize: Callable[[Console, Replayed[R]], None]
    differences: Callable[[str, R, Console], list[str]]


def measure(measured: Import[R]) -> int:
    """The process's exit status: 0 when every sum is equal and a second run changed nothing."""
    console = Console(soft_wrap=True, highlight=False)
    with running_stack() as addresses:
        found = _import(measured, addresses, console)[1]
        console.print("again:")
        again, differences = _import(measured, addresses, console)
        found += differences
        if again.events:
            found.append(f"the second run wrote {again.events:,} events")
    for difference in found:
        console.print(difference)
    return 1 if found else 0


def _import(measured: Import[R], addresses: Addresses, console: Console) -> tuple[R, list[str]]:
    replaying = replay(
        measured.source(),
        write_address=addresses.write,
        progress=progress_view(console),
        streams=measured.streams,
        in_flight=IN_FLIGHT,
    )
    replayed = uvloop.run(replaying)
    measured.summarize(console, replayed)
    report, began = replayed.report, time.monotonic()
    assert report.last_receipt is not None
    wait_until_read(addresses.read, report.last_receipt.token, seconds=_CATCH_UP_SECONDS)
    console.print(f"the read side had all of it {time.monotonic() - began:.2f} s after the last answer")
    return report, measured.differences(addresses.read, report, console)
