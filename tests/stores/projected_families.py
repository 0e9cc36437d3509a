"""A log of families and its read models in the real stores, and whether they equal the plain fold."""

from dataclasses import dataclass, replace
from typing import Any

from projector.families import FAMILIES
from projector.projection import Projection
from projector.runner import Runner, RunnerStatus
from read_store import fold_text
from tests.stores.family_log import FamilyLog, stored
from tests.stores.projector_world import World, at_least_at


@dataclass(slots=True)
class Families:
    """A log of families and what the projector makes of it."""

    world: World
    log: FamilyLog

    def projection(self, **changes: Any) -> Projection:
        """The projection of families under the world's own name."""
        return replace(FAMILIES, name=self.world.name, **changes)

    async def caught_up(self) -> None:
        await at_least_at(self.world.reader, self.world.name, self.log.epoch, self.log.position)

    async def assert_equal_fold(self, events: int | None = None) -> None:
        """Compares everything stored with the plain fold of all events, or of the first ones."""
        expected = self.log.expected(events)
        found = await stored(self.world.reader, self.world.name, [*self.log.expected().families])
        assert found.documents == expected.documents
        assert found.scores == expected.scores
        assert found.texts == {place: fold_text(text) for place, text in expected.texts.items()}
        assert found.tallies == expected.tallies

    async def has_status(self, runner: Runner, status: RunnerStatus) -> bool:
        return runner.status is status
