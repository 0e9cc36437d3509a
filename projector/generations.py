"""Whether the stored checkpoint belongs to the log as it is, and what to do when it does not."""

import failpoints
from event_store import EventLog, LogPage
from projector.projection import Projection
from read_store import Checkpoint, ReadModelDamaged, ReadModelWriter
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
    """The checkpoint to go on from: the stored one, or that of a new generation when the stored one was made
    by another version of the projection or from another history, or when its data is damaged."""
    try:
        if damage is not None:
            raise damage
        checkpoint = await _whole_checkpoint(projection, writer)
        page = await log.read(checkpoint.position, limit=1)
        is_ours = checkpoint.generation > 0 and checkpoint.version == projection.version
        if is_ours and continues(checkpoint, page):
            return checkpoint
        reason = "history" if is_ours else "version"
    except ReadModelDamaged as found:
        reason = f"damaged {found}"
    head = await log.head()
    if failpoints.is_armed:
        await failpoints.reach("generation.before_start")
    generation, before = await writer.new_generation(
        token,
        projection.version,
        head.epoch,
        head=head.position,
        past_epochs=await log.past_epochs(),
    )
    if failpoints.is_armed:
        await failpoints.reach("generation.started")
    logger().info(
        "generation_started",
        projection=projection.name,
        generation=generation,
        before=before,
        reason=reason,
    )
    return await writer.checkpoint()


async def _whole_checkpoint(projection: Projection, writer: ReadModelWriter) -> Checkpoint:
    """The stored checkpoint; raises ReadModelDamaged when its data has gone on without it.

    Events folded into what holds them already would be counted twice.
    """
    checkpoint = await writer.checkpoint()
    views = [model.name for model in projection.read_models]
    if await writer.newest_change(checkpoint.generation, views) > checkpoint.position:
        raise ReadModelDamaged("checkpoint")
    return checkpoint


async def drop_old_generations(writer: ReadModelWriter) -> None:
    """Removes the keys of all generations that are not live."""
    live = (await writer.checkpoint()).generation
    for generation in sorted(await writer.generations()):
        if generation < live:
            await writer.drop_generation(generation)
