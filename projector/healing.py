"""What a runner knows of damage to its read model: found where, to be mended when, tried how often."""

import asyncio

from projector.scrubbing import Scrubber
from read_store import ReadModelDamaged

_LONGEST_PAUSE_SECONDS = 60.0


class Healing:
    """A damaged read model is built anew; each time without a clean look in between waits longer."""

    def __init__(self) -> None:
        self.reason = ""
        self._damage: ReadModelDamaged | None = None
        self._times = 0
        self._tried = ""
        self._scrubbing: asyncio.Task[None] | None = None
        self._scrubber: Scrubber | None = None

    @property
    def pause_seconds(self) -> float:
        """How long to wait before the next try."""
        return min(2.0 ** (self._times - 1) - 1, _LONGEST_PAUSE_SECONDS) if self._damage is not None else 0.0

    def begin(self, damage: ReadModelDamaged, reason: str) -> None:
        """The read model has to be built anew, for this reason."""
        if self._scrubber is not None and self._scrubber.passes > 0:
            self._times = 0
        self._times += 1
        self._damage, self.reason = damage, reason

    def take(self) -> ReadModelDamaged | None:
        """The damage that a new generation is started for now."""
        damage, self._damage = self._damage, None
        return damage

    def is_worth_a_try(self, place: str) -> bool:
        """Whether a new generation may get past a place in the log; not when one has failed there before."""
        has_failed, self._tried = self._tried == place, place
        return not has_failed

    def watch(self, scrubber: Scrubber) -> None:
        """Keep the scrubber running; raises what it found."""
        if self._scrubbing is None:
            self._scrubber, scrubber.passes = scrubber, 0
            self._scrubbing = asyncio.create_task(_alone(scrubber))
        elif self._scrubbing.done():
            self._scrubbing.result()

    async def stop(self) -> None:
        """Ends the scrubber's work."""
        scrubbing, self._scrubbing = self._scrubbing, None
        if scrubbing is not None:
            scrubbing.cancel()
            await asyncio.gather(scrubbing, return_exceptions=True)


async def _alone(scrubber: Scrubber) -> None:
    """Runs it; of several failures at once the first is told."""
    try:
        await scrubber.run()
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
