"""Writes folded batches, at most one under way, so that the next one can be folded meanwhile."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic

import failpoints
from event_store import LogPage, PageBound, StoredEvent
from projector.folding import Folded
from read_store import Batch, Checkpoint, ReadModelWriter


class BatchRefused(Exception):
    """The events after a checkpoint can't be folded or applied; `failed_at` is the one, where it is known."""

    def __init__(
        self, checkpoint: Checkpoint, events: Sequence[StoredEvent], failed_at: StoredEvent | None
    ) -> None:
        super().__init__(f"after position {checkpoint.position}")
        self.checkpoint = checkpoint
        self.events = events
        self.failed_at = failed_at

    @property
    def has_many_commands(self) -> bool:
        """Whether some of the events may be good ones that stand before the failing command."""
        return self.events[0].command_id != self.events[-1].command_id

    @property
    def place(self) -> str:
        """Where in the log the failure is, by names and positions only."""
        first, last = self.events[0], self.events[-1]
        if event := self.failed_at or (first if first is last else None):
            return f"{event.type} at position {event.position} of {event.stream}"
        return f"command {first.command_id} at positions {first.position} to {last.position}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A batch on its way: from which checkpoint, of which page, when that was read by time.monotonic, and the
    task that ends once it is applied."""

    before: Checkpoint
    page: LogPage
    read_at: float
    events: int
    writing: asyncio.Task[bool]

    @property
    def after(self) -> Checkpoint:
        """The checkpoint once the batch is applied."""
        end = end_of(self.page)
        return replace(self.before, position=end.position, anchor=end.event_id, as_of=end.recorded_at)

    async def given_up(self) -> None:
        """Waits for it no longer; it may have been applied."""
        self.writing.cancel()
        await asyncio.gather(self.writing, return_exceptions=True)


async def send(
    writer: ReadModelWriter,
    token: int,
    checkpoint: Checkpoint,
    page: LogPage,
    batch: Batch,
) -> Sent:
    """Sends the batch of a page; what is sent to the store from here on is done after it."""
    if failpoints.is_armed:
        await failpoints.reach("apply.before_send")
    writing = asyncio.create_task(writer.apply(token, batch))
    # The task's first step hands the batch to the connection; documents read later must come behind it.
    await asyncio.sleep(0)
    if failpoints.is_armed:
        failpoints.soon("apply.under_way", writer.cut)
    read_at = monotonic() if batch.head_read_at is None else batch.head_read_at
    return Sent(before=checkpoint, page=page, read_at=read_at, events=batch.events, writing=writing)


def batch_of(checkpoint: Checkpoint, page: LogPage, folded: Folded, read_at: float | None = None) -> Batch:
    """What the events of a page change that was read then (None: now)."""
    end, changes = end_of(page), folded.changes
    return Batch(
        generation=checkpoint.generation,
        epoch=checkpoint.epoch,
        after_position=checkpoint.position,
        position=end.position,
        anchor=end.event_id,
        as_of=end.recorded_at,
        head=max(page.head, end.position),
        events=folded.events,
        documents=folded.documents,
        entries=changes.entries,
        exits=changes.exits,
        text_entries=changes.text_entries,
        text_exits=changes.text_exits,
        tallies=changes.tallies,
        head_read_at=read_at,
    )


def end_of(page: LogPage) -> PageBound:
    """The event with which a page ends that leads somewhere."""
    if page.end is None:
        raise AssertionError(f"nothing follows position {page.through}")
    return page.end
