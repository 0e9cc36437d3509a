"""What is known of a run while it goes and after it, and what the checker says of it."""

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import redis

from tests.faults.arena import Arena
from tests.faults.checker.calls import calls_of
from tests.faults.checker.check import violations
from tests.faults.checker.evidence_file import save
from tests.faults.checker.figures import figures
from tests.faults.checker.findings import Evidence, Limits
from tests.faults.checker.log_dump import read_log
from tests.faults.checker.read_dump import ReadDump, read_dump
from tests.faults.checker.sometimes import situations
from tests.faults.history import records
from tests.faults.log_promises import broken_promises
from tests.faults.wellness import PROJECTIONS

# How long after all is well again a call may be at that was sent in a hurry before.
_UNDER_WAY_SECONDS = 1.5

# Each is held against the fold of the whole log up to there.
_SECONDS_BETWEEN_LOOKS = 8.0


class Judging:
    """Looks at the read models now and then, and at everything in the end."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._looks: list[ReadDump] = []
        self._looked_at = -math.inf
        self.seconds = 0.0
        # How much there was to look at, and how often what is rare came about.
        self.counted: dict[str, int] = {}

    @property
    def looks(self) -> int:
        """How many there were."""
        return len(self._looks)

    def look(self) -> None:
        """Take the read models as they are at this moment, if that was not done just before.

        A store that is away shows nothing.
        """
        if time.monotonic() < self._looked_at + _SECONDS_BETWEEN_LOOKS:
            return
        self._looked_at = time.monotonic()
        for projection in PROJECTIONS:
            try:
                dump = read_dump(self._arena.admin_redis_url, projection)
            except redis.RedisError:
                return
            if dump.checkpoint and not self._is_damaged(dump):
                self._looks.append(dump)

    def _is_damaged(self, dump: ReadDump) -> bool:
        """A look would see the damage, not what is made of it: a new generation."""
        return self._arena.damaged.get(f"diptych:{{{dump.projection}:0}}:") == dump.generation

    def verdict(self, healed_at: float) -> list[str]:
        """Every broken promise, in words; to be asked for once all has caught up.

        Where there is any, the evidence is kept in the arena's directory, for `checker.evidence_file`.
        """
        arena, began = self._arena, time.monotonic()
        log = read_log(arena.admin_database_url)
        log.forks.update(arena.forks)
        evidence = Evidence(
            calls=calls_of(_lines(arena.history_files)),
            log=log,
            read_models=self._looks,
            final=[read_dump(arena.admin_redis_url, projection) for projection in PROJECTIONS],
            healed_at=healed_at,
            limits=Limits(recovery_seconds=_UNDER_WAY_SECONDS),
        )
        found = [f"{each.check} {each.what}" for each in violations(evidence)]
        self.counted = figures(evidence) | situations(evidence)
        found += broken_promises(arena.admin_database_url, records(*arena.history_files))
        found += arena.defects()
        if found:
            # A new one, without what checks have computed along the way.
            save(replace(evidence), arena.directory / "run.evidence")
        self.seconds = time.monotonic() - began
        return found


def _lines(files: Iterable[Path]) -> Iterator[str]:
    for path in files:
        with path.open(encoding="utf-8") as lines:
            yield from lines
