"""What a soak is made of: kinds of runs, and how much of what they are to show."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Runs of one kind: the arguments of each, what it counts towards, and about how much one run adds."""

    name: str
    arguments: tuple[str, ...]
    goals: Mapping[str, int]
    expected: Mapping[str, int]

    def done(self, counts: Mapping[str, int]) -> float:
        """The part of its goals that is reached, by the one that is furthest behind."""
        return min(counts.get(name, 0) / goal for name, goal in self.goals.items())


# Where faults are what counts: a load that meets each of them, and leaves the machine to what starts.
_LIGHT = ("--clients", "3", "--pause-seconds", "0.15")
_BUSY = (
    *("--loads", "2", "--clients", "1", "--batchers", "3", "--batch-size", "250", "--pairs", "8"),
    *("--pause-seconds", "0"),
)


def _arguments(faults: str, seconds: int, *others: str, load: tuple[str, ...] = _LIGHT) -> tuple[str, ...]:
    return ("--seconds", str(seconds), *load, *others, "--faults", *faults.split())


# Disks of their own can only be made by a privileged soak.
_DISKS = Campaign(
    name="disks",
    arguments=_arguments("disk", 90, "--small-disks"),
    goals={"runs": 5},
    expected={"runs": 1},
)

CAMPAIGNS: Sequence[Campaign] = (
    Campaign(
        name="kills",
        arguments=_arguments("kill strike", 180, "--lease-seconds", "1"),
        goals={"kill -9": 1_000},
        expected={"kill -9": 90},
    ),
    Campaign(
        name="zombies",
        arguments=_arguments("zombie", 180, "--lease-seconds", "1"),
        goals={"zombies": 1_000},
        expected={"zombies": 60},
    ),
    Campaign(
        name="losses",
        arguments=_arguments(
            "valkey.crash valkey.torn_tail valkey.empty valkey.old_data valkey.flush valkey.failover damage",
            180,
        ),
        goals={"Valkey losses": 500},
        expected={"Valkey losses": 60},
    ),
    Campaign(
        name="crashes",
        arguments=_arguments("postgres.crash postgres.backend_kill postgres.restart", 180),
        goals={"Postgres crashes": 200},
        expected={"Postgres crashes": 15},
    ),
    Campaign(
        name="restores",
        arguments=_arguments("restore", 90),
        goals={"restores": 50},
        expected={"restores": 8},
    ),
    Campaign(
        name="rebuilds",
        arguments=_arguments("rebuild strike.projector.rebuild", 120, "--lease-seconds", "1"),
        goals={"rebuilds killed on the way": 100},
        expected={"rebuilds killed on the way": 8},
    ),
    Campaign(
        name="clocks",
        arguments=_arguments("clock kill valkey.flush", 90),
        goals={"runs": 10},
        expected={"runs": 1},
    ),
    Campaign(
        name="matrix",
        arguments=("--seconds", "120"),
        goals={"runs": 12},
        expected={"runs": 1},
    ),
    *((_DISKS,) if os.geteuid() == 0 else ()),
    Campaign(
        name="volume",
        arguments=_arguments("link.cut link.reset link.delay", 180, load=_BUSY),
        goals={"commands": 1_000_000, "token reads": 1_000_000},
        expected={"commands": 60_000, "token reads": 60_000},
    ),
)


def least_done(
    campaigns: Sequence[Campaign], counts: Mapping[str, Counter[str]], *, is_endless: bool
) -> Campaign | None:
    """The campaign to go on with: the one that is furthest behind, None when all goals are reached.

    What commands and reads other campaigns made on the way counts for the one that is about nothing else.
    """
    total: Counter[str] = sum(counts.values(), Counter())
    done = {
        each.name: each.done(total if "runs" not in each.goals else counts[each.name]) for each in campaigns
    }
    chosen = min(campaigns, key=lambda each: done[each.name])
    return chosen if is_endless or done[chosen.name] < 1 else None
