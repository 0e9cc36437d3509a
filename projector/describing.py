"""What an operator is shown of a projection and of the generation that is filled beside the live one."""

import contextlib
from dataclasses import replace

from diptych.projections.v1 import projection_admin_service_pb2 as admin_pb2

from event_store import EventLog, StoreError
from projector.runner import Runner, RunnerStatus
from read_store import Checkpoint, KeptGenerations


async def describe(runner: Runner) -> admin_pb2.Projection:
    """The projection as the store has it now; raises ReadStoreUnavailable or ReadModelDamaged."""
    # In this order: a status is never shown with a place from before it.
    status, last_error = runner.status, runner.last_error
    holder = await runner.writer.lease_holder()
    kept = await runner.writer.generations.kept()
    checkpoint = await runner.writer.checkpoint()
    if status is RunnerStatus.STOPPED and runner.partition.of > 1 and holder not in ("", runner.holder):
        # Another process leads this partition; what it has come to tells what it does.
        is_filling = checkpoint.is_rebuilding or kept.filling
        status = RunnerStatus.REBUILDING if is_filling else RunnerStatus.RUNNING
    head = await _head(runner.log, checkpoint)
    shown = admin_pb2.Projection(
        name=runner.projection.name,
        version=checkpoint.version or runner.projection.version,
        generation=checkpoint.generation,
        status=await _shown(runner, status),
        checkpoint=checkpoint.position,
        events_processed=checkpoint.events,
        lag_events=max(0, head - checkpoint.position),
        last_error=last_error,
        partition=runner.partition.number,
        partitions=runner.partition.of,
        lease_holder=holder,
        previous_generation=kept.previous,
    )
    if kept.filling:
        shown.filling.CopyFrom(await describe_filling(runner, kept, head))
    if checkpoint.generation > 0:
        lag_seconds = replace(checkpoint, head=head).lag_seconds()
        shown.lag_time.FromMicroseconds(round(lag_seconds * 1_000_000))
    if checkpoint.as_of is not None:
        shown.as_of.FromDatetime(checkpoint.as_of)
    return shown


async def describe_filling(runner: Runner, kept: KeptGenerations, head: int) -> admin_pb2.FillingGeneration:
    """The generation that is filled beside the live one, in a log that ends at `head`."""
    checkpoint = await runner.writer.generations.checkpoint(kept.filling)
    return admin_pb2.FillingGeneration(
        generation=kept.filling,
        version=checkpoint.version,
        state=admin_pb2.FillingState.Value(f"FILLING_STATE_{kept.state.name}"),
        checkpoint=checkpoint.position,
        events_processed=checkpoint.events,
        lag_events=max(0, head - checkpoint.position),
        is_activated_when_equal=kept.activates,
        finding=kept.finding,
    )


async def _head(log: EventLog, checkpoint: Checkpoint) -> int:
    # While the log can't be reached, the store's own knowledge of its end is the best there is.
    head = checkpoint.head
    with contextlib.suppress(StoreError):
        head = (await log.head()).position
    return max(head, checkpoint.position)


async def _shown(runner: Runner, status: RunnerStatus) -> admin_pb2.ProjectionStatus.ValueType:
    # A pause shows from the moment it was asked for, whichever process runs the projection.
    name = "PAUSED" if await runner.writer.is_paused() else status.name
    return admin_pb2.ProjectionStatus.Value(f"PROJECTION_STATUS_{name}")
