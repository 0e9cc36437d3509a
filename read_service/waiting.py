"""How a query waits until its read model has come to what was asked for."""

import asyncio
from uuid import UUID

import failpoints
from read_service.refusals import epoch_changed
from read_service.requirements import Requirement
from read_store import Checkpoint, PartitionedReads, Places
from service_kit.errors import ServiceError

# What was told of a read model's place is news; it is itself looked at after this time all the same.
_TOLD_SECONDS = 0.05


class Wait:
    """One call's wait for its projection to move on."""

    def __init__(self, models: PartitionedReads, stream: str, deadline: float) -> None:
        self._models = models
        self._stream = stream
        self._deadline = deadline
        self._seen: Places | None = None
        self._has_waited = False

    async def while_told_behind(self, required: Requirement) -> None:
        """Wait for a moment where a look would only keep the store from writing what is waited for."""
        if self._models.is_behind(required.epoch, required.position, stream=self._stream):
            seconds = min(_TOLD_SECONDS, self._remaining())
            await self._models.reached(required.epoch, required.position, seconds, stream=self._stream)

    async def for_more(self, missing: Requirement, place: Checkpoint) -> bool:
        """Wait for what is missing at a place; False when the time is over."""
        if failpoints.is_armed:
            await failpoints.reach("query.before_wait")
        if self._remaining() <= 0:
            return False
        if place.generation > 0 and place.epoch != missing.epoch and not await self._is_alive(missing):
            return False
        if self._has_waited:
            # It was said to be reached and was not there: the store went back, so any news is worth a look.
            return await self._news()
        self._has_waited = True
        return await self._models.reached(
            missing.epoch, missing.position, self._remaining(), stream=self._stream
        )

    async def _news(self) -> bool:
        seen = await self._models.moved(self._seen, self._remaining(), stream=self._stream)
        self._seen = seen or self._seen
        return seen is not None

    async def _is_alive(self, missing: Requirement) -> bool:
        """Whether the requirement is of the log's history; False when nobody could tell in time.

        Either the token or the read model is of a history that is over, and only the log knows which: without
        its word the caller may come again. Raises ServiceError EPOCH_CHANGED.
        """
        if missing.is_log_known:
            return True
        while (seconds := self._remaining()) > 0:
            try:
                epoch, _ = await self._models.ask_head(seconds)
            except TimeoutError:
                continue
            if epoch != missing.epoch:
                raise await changed_epoch(self._models, missing.epoch)
            return True
        return False

    def _remaining(self) -> float:
        return max(0.0, self._deadline - asyncio.get_running_loop().time())


async def changed_epoch(models: PartitionedReads, epoch: UUID) -> ServiceError:
    """Answer the error for whoever stands on an epoch that is over, with where it ended if that is known."""
    return epoch_changed(await models.epoch_end(epoch))
