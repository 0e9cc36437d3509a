"""Steers the generations of a projection: fills one beside the live one, switches, goes back, gives up."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

import grpc
from diptych.projections.v1 import projection_admin_service_pb2 as admin_pb2

from projector.describing import describe_filling
from projector.generations import drop_old_generations, open_beside
from projector.runner import Runner
from read_store import (
    FillingState,
    GenerationBehind,
    GenerationRefused,
    KeptGenerations,
    ReadStoreUnavailable,
)
from service_kit.errors import ServiceError

# How often the store is asked how far a rebuild is, and how long a stream may stay silent.
_LOOK_SECONDS = 0.2
_HEARTBEAT_SECONDS = 15.0
# How long a generation that is ready may take to have as much as the live one while events are coming in.
_SWITCH_SECONDS = 5.0
_SWITCHABLE = (FillingState.READY, FillingState.DIFFERS)
_ENDS = (
    *(admin_pb2.FILLING_STATE_READY, admin_pb2.FILLING_STATE_DIFFERS),
    *(admin_pb2.FILLING_STATE_LIVE, admin_pb2.FILLING_STATE_GIVEN_UP),
)
# Of several partitions the first of these is told: what goes on before what is done, the worse first.
_BY_WORTH = (
    *(admin_pb2.FILLING_STATE_FAILED, admin_pb2.FILLING_STATE_FILLING, admin_pb2.FILLING_STATE_COMPARING),
    *(admin_pb2.FILLING_STATE_GIVEN_UP, admin_pb2.FILLING_STATE_DIFFERS),
    *(admin_pb2.FILLING_STATE_READY, admin_pb2.FILLING_STATE_LIVE),
)


async def rebuild(
    runners: Sequence[Runner], *, activates: bool
) -> AsyncGenerator[admin_pb2.FillingGeneration, None]:
    """Opens a generation in each partition, or finds the one that is open, and yields how far they are, as
    one, until all are done.

    Raises ServiceError GENERATION_NOT_READY while there is no live one.
    """
    loop = asyncio.get_running_loop()
    try:
        generations = [
            await open_beside(each.projection, each.log, each.writer, activates=activates, reason="operator")
            for each in runners
        ]
    except GenerationRefused:
        raise _not_ready("there is no live generation yet; one fills by itself") from None
    last, said_at = None, 0.0
    while True:
        shown = as_one(
            [
                await _progress(runner, generation)
                for runner, generation in zip(runners, generations, strict=True)
            ]
        )
        if shown != last or loop.time() - said_at > _HEARTBEAT_SECONDS:
            last, said_at = shown, loop.time()
            yield shown
        if shown.state in _ENDS:
            return
        await asyncio.sleep(_LOOK_SECONDS)


def as_one(parts: Sequence[admin_pb2.FillingGeneration]) -> admin_pb2.FillingGeneration:
    """How far the generations of all partitions are: as far as the last one, with the events of all."""
    last = min(parts, key=lambda part: (_BY_WORTH.index(part.state), part.checkpoint))
    if len(parts) == 1:
        return last
    shown = admin_pb2.FillingGeneration()
    shown.CopyFrom(last)
    shown.checkpoint = min(part.checkpoint for part in parts)
    shown.events_processed = sum(part.events_processed for part in parts)
    shown.lag_events = max(part.lag_events for part in parts)
    return shown


async def activate(runners: Sequence[Runner], generation: int) -> None:
    """Switches the readers of every partition to a generation; raises ServiceError GENERATION_NOT_FOUND or
    _NOT_READY.

    What was switched before an error stays so; the same call goes on from there.
    """
    for runner in runners:
        await _activate(runner, generation)


async def roll_back(runners: Sequence[Runner]) -> None:
    """Switches the readers of every partition back to the generation kept from before; raises ServiceError
    GENERATION_NOT_FOUND when none has one."""
    await _in_any(runners, _roll_back)


async def drop(runners: Sequence[Runner], generation: int) -> None:
    """Gives a generation up and removes it in every partition; raises ServiceError GENERATION_LIVE, or
    GENERATION_NOT_FOUND when none has it."""
    await _in_any(runners, lambda runner: _drop(runner, generation))


async def _in_any(runners: Sequence[Runner], steer: Callable[[Runner], Awaitable[None]]) -> None:
    """Steers all partitions; one may miss what another has, since each heals damage for itself."""
    missing: list[ServiceError] = []
    for runner in runners:
        try:
            await steer(runner)
        except ServiceError as error:
            if error.reason != "GENERATION_NOT_FOUND":
                raise
            missing.append(error)
    if len(missing) == len(runners):
        raise missing[0]


async def _activate(runner: Runner, generation: int) -> None:
    kept = await runner.writer.generations.kept()
    if generation == kept.live:
        return
    if generation == kept.previous:
        await _roll_back(runner)
        return
    if generation != kept.filling:
        raise _not_found(f"there is no generation {generation}")
    if kept.state not in _SWITCHABLE:
        raise _not_ready(f"generation {generation} is {kept.state.name}")
    try:
        await _switch(runner, generation)
    except GenerationRefused:
        if (await runner.writer.generations.kept()).live != generation:
            raise _not_ready(f"generation {generation} can't take the place of the live one") from None


async def _roll_back(runner: Runner) -> None:
    try:
        await runner.writer.generations.roll_back()
    except GenerationRefused:
        raise _not_found("no generation is kept from before") from None


async def _drop(runner: Runner, generation: int) -> None:
    kept = await runner.writer.generations.kept()
    if generation not in kept.numbers:
        raise _not_found(f"there is no generation {generation}")
    try:
        await runner.writer.generations.forget(generation)
    except GenerationRefused:
        raise ServiceError(
            grpc.StatusCode.FAILED_PRECONDITION, "GENERATION_LIVE", f"generation {generation} is live"
        ) from None
    # What is left when this breaks off is removed by the next projector that begins to lead.
    with contextlib.suppress(ReadStoreUnavailable):
        await drop_old_generations(runner.writer)


async def _switch(runner: Runner, generation: int) -> None:
    deadline = asyncio.get_running_loop().time() + _SWITCH_SECONDS
    while True:
        try:
            await runner.writer.generations.switch(generation)
        except GenerationBehind:
            if asyncio.get_running_loop().time() > deadline:
                raise _not_ready(f"generation {generation} does not keep up with the live one") from None
            await asyncio.sleep(_LOOK_SECONDS / 10)
        else:
            return


async def _progress(runner: Runner, generation: int) -> admin_pb2.FillingGeneration:
    kept = await runner.writer.generations.kept()
    if kept.filling == generation:
        head = (await runner.log.head()).position
        shown = await describe_filling(runner, kept, head)
        # It may have been given up between the two looks.
        if shown.version:
            return shown
        kept = await runner.writer.generations.kept()
    return _ended(generation, kept)


def _ended(generation: int, kept: KeptGenerations) -> admin_pb2.FillingGeneration:
    # Nobody but one that was live is kept from before.
    was_switched_to = generation in (kept.live, kept.previous)
    state = admin_pb2.FILLING_STATE_LIVE if was_switched_to else admin_pb2.FILLING_STATE_GIVEN_UP
    return admin_pb2.FillingGeneration(generation=generation, state=state)


def _not_ready(message: str) -> ServiceError:
    return ServiceError(grpc.StatusCode.FAILED_PRECONDITION, "GENERATION_NOT_READY", message)


def _not_found(message: str) -> ServiceError:
    return ServiceError(grpc.StatusCode.NOT_FOUND, "GENERATION_NOT_FOUND", message)
