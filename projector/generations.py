"""Whether the stored checkpoint belongs to the log as it is, and what to do when it does not."""

import failpoints
from event_store import EventLog, LogPage
from projector.projection import Projection
from read_store import Checkpoint, ReadModelWriter
from service_kit.log import logger


class HistoryChanged(Exception):
    """The log no longer holds the event that the checkpoint stands on."""


def continues(checkpoint: Checkpoint, page: LogPage) -> bool:
    """Whether the page's log is the one that the checkpoint was made from."""
    if checkpoint.epoch != page.epoch:
        return False
    return checkpoint.position == 0 or checkpoint.anchor == page.anchor


async def current_generation(
    projection: Projection, log: EventLog, writer: ReadModelWriter, token: int
) -> Checkpoint:
    """The checkpoint to go on from: the stored one, or that of a new generation when the stored one was made
    by another version of the projection or from another history."""
    checkpoint = await writer.checkpoint()
    page = await log.read(checkpoint.position, limit=1)
    is_ours = checkpoint.generation > 0 and checkpoint.version == projection.version
    if is_ours and continues(checkpoint, page):
        return checkpoint
    if failpoints.is_armed:
        await failpoints.reach("generation.before_start")
    generation, before = await writer.new_generation(token, projection.version, page.epoch)
    if failpoints.is_armed:
        await failpoints.reach("generation.started")
    logger().info("generation_started", projection=projection.name, generation=generation, before=before)
    return await writer.checkpoint()


async def drop_old_generations(writer: ReadModelWriter) -> None:
    """Removes the keys of all generations that are not live."""
    live = (await writer.checkpoint()).generation
    for generation in sorted(await writer.generations()):
        if generation < live:
            await writer.drop_generation(generation)
