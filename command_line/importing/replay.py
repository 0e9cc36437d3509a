"""Sends all that a source has through the write service, phase by phase, and accounts for it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from command_line.importing.batches import OpenBatch
from command_line.importing.planned import Answer, Command, Phase
from command_line.importing.progress import ProgressView
from command_line.importing.report import Report
from command_line.importing.sender import Sender

R_co = TypeVar("R_co", bound=Report, covariant=True)


class Source(Protocol[R_co]):
    """Where commands come from, with the report that knows them."""

    @property
    def open_batch(self) -> OpenBatch:
        """The domain that the commands belong to."""

    @property
    def report(self) -> R_co:
        """Is told of each answer."""

    def phases(self) -> Iterator[Phase]:
        """The phases in order; the next is asked for when all of one was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed(Generic[R_co]):
    """A finished run."""

    report: R_co
    seconds: float


async def replay(
    source: Source[R_co], *, write_address: str, progress: ProgressView, streams: int, in_flight: int
) -> Replayed[R_co]:
    """Send everything. Raises SendingStopped, and FileNotUnderstood out of the source."""
    report, began = source.report, time.monotonic()
    phase: Phase | None = None

    def answered(command: Command, answer: Answer, is_repeat: bool) -> None:
        report.note_answer(command, answer, is_repeat)
        if phase is None or phase.is_counted(command):
            progress.advance()

    sending = Sender(source.open_batch, write_address, answered, streams=streams, in_flight=in_flight)
    async with sending as sender:
        with progress:
            for phase in source.phases():
                if phase.size:
                    progress.begin(phase.name, phase.size, phase.unit)
                    await sender.send(phase.groups)
                    progress.end()
    return Replayed(report=report, seconds=time.monotonic() - began)
