"""Whether the stored checkpoint belongs to the log as it is, and what takes its place when it does not."""

from typing import Any

import failpoints
from event_store import EventLog, LogPage
from projector.projection import Projection
from read_store import Checkpoint, KeptGenerations, ReadModelDamaged, ReadModelWriter, microseconds_of
from service_kit.log import logger


class HistoryChanged(Exception):
    """The log no longer holds the event that the checkpoint stands on."""


def continues(checkpoint: Checkpoint, page: LogPage) -> bool:
    """Whether the page's log is the one that the checkpoint was made from."""
    if checkpoint.epoch != page.epoch:
        return False
    return checkpoint.position == 0 or checkpoint.anchor == page.anchor


async def current_generation(
    projection: Projection,
    log: EventLog,
    writer: ReadModelWriter,
    token: int,
    *,
    damage: ReadModelDamaged | None = None,
) -> Checkpoint:
    """The checkpoint to go on from: the stored one, or that of a new generation in its place when the stored
    one was made from another history, or when its data is damaged: nothing of that may be served.

    One made by another version of the projection stays, and a generation is opened beside it.
    """
    try:
        if damage is not None:
            raise damage
        checkpoint = await whole_checkpoint(projection, writer)
        page = await log.read(checkpoint.position, limit=1)
        if checkpoint.generation > 0 and continues(checkpoint, page):
            if checkpoint.version == projection.version or checkpoint.is_filled:
                await _fill_beside(projection, log, writer, checkpoint)
                return checkpoint
            # Nobody loses what was never whole.
            reason = "version"
        else:
            reason = "history"
    except ReadModelDamaged as found:
        reason = f"damaged {found}"
    if failpoints.is_armed:
        await failpoints.reach("generation.before_start")
    generation, before = await writer.new_generation(token, projection.version, **await _end_of(log))
    if failpoints.is_armed:
        await failpoints.reach("generation.started")
    _tell("generation_started", projection, generation, before=before, reason=reason)
    return await writer.checkpoint()


async def whole_checkpoint(
    projection: Projection, writer: ReadModelWriter, generation: int = 0
) -> Checkpoint:
    """A generation's checkpoint, 0 for the live one's. Raises ReadModelDamaged, also when its data has
    gone on without it.

    Events folded into what holds them already would be counted twice.
    """
    checkpoint = await writer.generations.checkpoint(generation)
    views = [model.name for model in projection.read_models]
    if await writer.newest_change(checkpoint.generation, views) > checkpoint.position:
        raise ReadModelDamaged("checkpoint")
    return checkpoint


async def open_beside(
    projection: Projection, log: EventLog, writer: ReadModelWriter, *, activates: bool, reason: str
) -> int:
    """The generation that fills beside the live one, opened when there is none. Raises GenerationRefused."""
    generation = await writer.generations.open(projection.version, activates=activates, **await _end_of(log))
    if failpoints.is_armed:
        await failpoints.reach("rebuild.opened", writer.cut)
    _tell("generation_opened", projection, generation, reason=reason)
    return generation


async def _fill_beside(
    projection: Projection, log: EventLog, writer: ReadModelWriter, live: Checkpoint
) -> None:
    """Lets a generation of this version be filled where the live one is of another; one that is filled
    for a version that this process does not have is given up."""
    kept = await writer.generations.kept()
    if kept.filling and await _version_of(writer, kept.filling) != projection.version:
        await writer.generations.forget(kept.filling)
        _tell("generation_given_up", projection, kept.filling, reason="version")
        kept = await writer.generations.kept()
    if needs_another(projection, live, kept) and not kept.filling:
        await open_beside(projection, log, writer, activates=True, reason="version")


def needs_another(projection: Projection, live: Checkpoint, kept: KeptGenerations) -> bool:
    """Whether the live generation is of another version, and nobody went back from this one's."""
    return projection.version not in (live.version, kept.refused_version)


async def _version_of(writer: ReadModelWriter, generation: int) -> int | None:
    try:
        return (await writer.generations.checkpoint(generation)).version
    except ReadModelDamaged:
        return None


async def _end_of(log: EventLog) -> dict[str, Any]:
    """Of which log an empty generation is."""
    head = await log.head()
    first = (await log.read(0, limit=1)).events
    return {
        "epoch": head.epoch,
        "head": head.position,
        "since_us": microseconds_of(first[0].recorded_at) if first else 0,
        "past_epochs": await log.past_epochs(),
    }


async def drop_old_generations(writer: ReadModelWriter) -> None:
    """Removes the keys of all generations that are not kept."""
    # In this order: one that is opened meanwhile is not among the existing ones.
    existing = await writer.generations.existing()
    for generation in sorted(existing - (await writer.generations.kept()).numbers):
        if failpoints.is_armed:
            await failpoints.reach("rebuild.before_drop", writer.cut)
        await writer.generations.remove(generation)


def _tell(what: str, projection: Projection, generation: int, **more: object) -> None:
    logger().info(what, projection=projection.name, generation=generation, **more)
